//! What a compiled shader wants: its constant buffers with their members, textures and samplers, all by name.

use std::collections::HashMap;
use std::ffi::CString;

/// One resource of a shader.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) name: String,
    pub(crate) binding: u32,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Names and offsets of the members.
    Constants(Vec<(String, u32)>),
    Texture,
    Sampler,
    Storage,
}

/// A module whose resources are in a set of its own.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    pub(crate) words: Vec<u32>,
    pub(crate) resources: Vec<Resource>,
    /// Name of the entry point.
    pub(crate) entry: CString,
}

const NAME: u32 = 5;
const ENTRY_POINT: u32 = 15;
const MEMBER_NAME: u32 = 6;
const TYPE_IMAGE: u32 = 25;
const TYPE_SAMPLER: u32 = 26;
const TYPE_STRUCT: u32 = 30;
const TYPE_POINTER: u32 = 32;
const VARIABLE: u32 = 59;
const DECORATE: u32 = 71;
const MEMBER_DECORATE: u32 = 72;
const DECORATION_BINDING: u32 = 33;
const DECORATION_SET: u32 = 34;
const DECORATION_OFFSET: u32 = 35;

/// What is known of an id.
#[derive(Default)]
struct Id {
    name: String,
    members: HashMap<u32, String>,
    offsets: HashMap<u32, u32>,
    binding: Option<u32>,
    kind: u32,
    /// The type that a pointer or variable refers to; whether an image is for storage.
    of: u32,
}

impl Module {
    /// Reads a module and moves its resources to descriptor set `set`.
    pub(crate) fn read(bytes: &[u8], set: u32) -> Result<Self, String> {
        let mut words: Vec<u32> = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        if words.len() < 5 || words[0] != 0x0723_0203 {
            return Err("not SPIR-V".into());
        }
        let mut ids: HashMap<u32, Id> = HashMap::new();
        let mut entry = String::new();
        let mut at = 5;
        while at < words.len() {
            let (length, operation) = ((words[at] >> 16) as usize, words[at] & 0xffff);
            let end = at + length.max(1);
            let Some(rest) = words.get(at + 1..end) else { return Err("cut".into()) };
            match (operation, rest) {
                (ENTRY_POINT, [_, _, text @ ..]) => entry = string(text),
                (NAME, [id, text @ ..]) => ids.entry(*id).or_default().name = string(text),
                (MEMBER_NAME, [id, member, text @ ..]) => {
                    ids.entry(*id).or_default().members.insert(*member, string(text));
                }
                (MEMBER_DECORATE, [id, member, DECORATION_OFFSET, offset]) => {
                    ids.entry(*id).or_default().offsets.insert(*member, *offset);
                }
                (DECORATE, [id, DECORATION_BINDING, binding]) => {
                    ids.entry(*id).or_default().binding = Some(*binding);
                }
                (DECORATE, [_, DECORATION_SET, _]) => words[at + 3] = set,
                (TYPE_STRUCT | TYPE_SAMPLER, [id, ..]) => ids.entry(*id).or_default().kind = operation,
                // Sampled: 1 with a sampler, 2 for storage.
                (TYPE_IMAGE, [id, _, _, _, _, _, sampled, ..]) => {
                    let id = ids.entry(*id).or_default();
                    (id.kind, id.of) = (operation, *sampled);
                }
                (TYPE_POINTER, [id, _, of]) => ids.entry(*id).or_default().of = *of,
                (VARIABLE, [pointer, id, ..]) => {
                    let id = ids.entry(*id).or_default();
                    (id.kind, id.of) = (operation, *pointer);
                }
                _ => {}
            }
            at = end;
        }
        let resource = |variable: &Id| {
            let binding = variable.binding?;
            let ty = ids.get(&ids.get(&variable.of)?.of)?;
            let kind = match (ty.kind, ty.of) {
                (TYPE_STRUCT, _) => {
                    let member = |(n, name): (&u32, &String)| Some((name.clone(), *ty.offsets.get(n)?));
                    Kind::Constants(ty.members.iter().filter_map(member).collect())
                }
                (TYPE_SAMPLER, _) => Kind::Sampler,
                (TYPE_IMAGE, 2) => Kind::Storage,
                (TYPE_IMAGE, _) => Kind::Texture,
                _ => return None,
            };
            Some(Resource { name: variable.name.clone(), binding, kind })
        };
        let variables = ids.values().filter(|id| id.kind == VARIABLE && id.binding.is_some());
        let resources: Option<Vec<_>> = variables.map(resource).collect();
        let resources = resources.ok_or("a resource of an unknown kind")?;
        let entry = CString::new(entry).map_err(|error| error.to_string())?;
        Ok(Self { words, resources, entry })
    }
}

/// A text that ends in 0.
fn string(words: &[u32]) -> String {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).take_while(|&byte| byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
