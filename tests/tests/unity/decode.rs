//! Decodes into Unity's textures, over several frames, compared with decodes into memory.

use crate::api::{Script, Texture};
use ash::vk;
use half::f16;
use neuvol_capi::{
    NEUVOL_OK, NEUVOL_TEXEL_R8, NEUVOL_TEXEL_R16F, NEUVOL_TEXEL_R32F, neuvol_decode_desc, neuvol_volume,
};
use neuvol_fake_unity::Options;
use neuvol_tests::cases;
use neuvol_tests::sample::THETA;

const STORE: vk::ImageUsageFlags = vk::ImageUsageFlags::STORAGE;
const COPY: vk::ImageUsageFlags = vk::ImageUsageFlags::TRANSFER_DST;
/// Voxels x, y, z of the sample's variable.
const DIMS: [u32; 3] = [37, 20, 18];
/// What invalid voxels become.
const INVALID: f32 = 0.0;
/// Values that R8 textures show.
const RANGE: (f32, f32) = (250.0, 310.0);

/// A texture with a decode on its way into it.
fn compare(script: &mut Script, volume: neuvol_volume, texture: Texture, desc: &neuvol_decode_desc) {
    let expected = script.decode(volume, desc);
    let tolerance = cases::tolerance(desc);
    let (size, at): (usize, fn(&[u8]) -> f32) = match texture.texel {
        NEUVOL_TEXEL_R32F => (4, |bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        NEUVOL_TEXEL_R16F => (2, |bytes| f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()),
        _ => (1, |bytes| f32::from(bytes[0]) / 255.0),
    };
    let content = script.unity.read(texture.native, size);
    assert_eq!(content.len(), expected.len() * size);
    let mut different = 0;
    for (n, (texel, &value)) in content.chunks(size).zip(&expected).enumerate() {
        let found = at(texel);
        different += usize::from(found != at(&content[..size]));
        let (wanted, allowed) = match texture.texel {
            _ if value.is_nan() => (INVALID, 0.0),
            NEUVOL_TEXEL_R32F => (value, tolerance),
            NEUVOL_TEXEL_R16F => (value, tolerance + value.abs() / 1024.0),
            _ => {
                let unit = ((value - RANGE.0) / (RANGE.1 - RANGE.0)).clamp(0.0, 1.0);
                (unit, 1.0 / 255.0 + tolerance / (RANGE.1 - RANGE.0))
            }
        };
        assert!((found - wanted).abs() <= allowed, "texel {n} is {found}, not {wanted} (texel {})", texture.texel);
    }
    assert!(different > 1000, "the texture has one value only");
}

/// Three textures, three times each: asked for at once, decoded frame by frame.
fn decode_all(options: Options) -> Option<(Vec<String>, (u64, u64))> {
    let mut script = Script::start(options)?;
    let volume = script.open();
    let textures = [
        script.texture(DIMS, NEUVOL_TEXEL_R32F, STORE),
        // To be stored to where the device was made with the feature for this format.
        script.texture(DIMS, NEUVOL_TEXEL_R16F, STORE | COPY),
        script.texture(DIMS, NEUVOL_TEXEL_R8, COPY),
    ];
    for time in [1.75, 0.0, 4.0] {
        let desc = cases::desc(THETA, 0, time, [0; 3], DIMS);
        let submit = |texture: &Texture| {
            let range = (texture.texel == NEUVOL_TEXEL_R8).then_some(RANGE);
            script.submit(volume, *texture, &desc, INVALID, range)
        };
        let tickets = textures.each_ref().map(submit);
        for (texture, ticket) in textures.into_iter().zip(tickets) {
            let result = script.frames_until(|script| script.status(ticket));
            assert_eq!(result, NEUVOL_OK, "{}", script.last_error());
            compare(&mut script, volume, texture, &desc);
        }
    }
    // Unregistered while frames are on their way: what was made of it must stay until they are finished.
    let desc = cases::desc(THETA, 0, 3.0, [0; 3], DIMS);
    let ticket = script.submit(volume, textures[0], &desc, INVALID, None);
    script.frames_until(|script| script.status(ticket));
    textures.iter().for_each(|texture| script.unregister(texture.handle));
    (0..8).for_each(|_| script.frame());
    script.close(volume);
    let commands = script.unity.commands();
    Some((script.unity.stop(), commands))
}

#[test]
fn volumes_are_decoded_into_textures_of_any_unity() {
    let v1 = Options { has_v2: false, ..Options::default() };
    let late = Options { preload: false, ..Options::default() };
    for options in [
        Options::default(),
        Options { editor: true, lag: 3, ..Options::default() },
        Options { lag: 1, ..v1 },
        late,
        Options { editor: true, lag: 0, ..late },
    ] {
        let Some((problems, (commands, copies))) = decode_all(options) else { return };
        assert!(problems.is_empty(), "{options:?}: {problems:#?}");
        assert!(commands > 100 && copies > 0, "{options:?}: {commands} commands, {copies} copies");
        eprintln!("{options:?}: {commands} commands, {copies} of them copies to textures, no rule broken");
    }
}

/// With the library loaded before the device is made, more formats can be stored to.
#[test]
fn a_preloaded_library_copies_less() {
    let Some((_, (_, early))) = decode_all(Options::default()) else { return };
    let Some((_, (_, late))) = decode_all(Options { preload: false, ..Options::default() }) else { return };
    assert!(early < late, "{early} copies with the library loaded first, {late} with it loaded later");
}
