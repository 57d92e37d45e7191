//! What is in a shared library, and what a library in a package must be.

use std::collections::BTreeSet;

use object::read::elf::{ElfFile64, FileHeader};
use object::read::pe::PeFile64;
use object::{Architecture, Endianness, Object, ObjectSection, ObjectSymbol, elf, pe};

use crate::metas::Platform;

/// The newest version of glibc that a library may ask for: that of Ubuntu 22.04 is 2.35.
const GLIBC: (u32, u32) = (2, 34);
/// What every Linux with glibc has.
const LINUX_LIBRARIES: [&str; 6] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "libdl.so.2", "libpthread.so.0"];
/// What every Windows 10 has, in lower case.
const WINDOWS_LIBRARIES: [&str; 9] = [
    "kernel32.dll",
    "ntdll.dll",
    "msvcrt.dll",
    "userenv.dll",
    "ws2_32.dll",
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "api-ms-win-core-synch-l1-2-0.dll",
];
/// Larger than any library should become unnoticed.
const CEILING: usize = 8 << 20;

/// What is known of a shared library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// What it runs on, if it is one of ours.
    pub platform: Option<Platform>,
    /// Bytes of the file.
    pub bytes: usize,
    /// The names that it gives away.
    pub exports: BTreeSet<String>,
    /// The libraries that it needs.
    pub needed: BTreeSet<String>,
    /// The versions of glibc that it cannot do without.
    pub glibc: BTreeSet<(u32, u32)>,
    /// Folders in which it looks for libraries.
    pub search_paths: BTreeSet<String>,
    /// Whether symbols or debugging information are left in it.
    pub is_stripped: bool,
    /// Whether the system may move it and its data is no code.
    pub is_hardened: bool,
}

impl Binary {
    /// Reads an ELF or PE file.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let kind = object::FileKind::parse(bytes).map_err(|error| error.to_string())?;
        match kind {
            object::FileKind::Elf64 => elf_file(bytes).map_err(|error| error.to_string()),
            object::FileKind::Pe64 => pe_file(bytes).map_err(|error| error.to_string()),
            other => Err(format!("it is {other:?}, neither a 64-bit ELF nor a 64-bit PE file")),
        }
    }

    /// Which rules a library for `platform` breaks; `exports` are the names it must give away.
    pub fn problems(&self, platform: Platform, exports: &BTreeSet<String>) -> Vec<String> {
        let mut problems = Vec::new();
        if self.platform != Some(platform) {
            problems.push(format!("is no x86-64 library for {platform:?} but {:?}", self.platform));
            return problems;
        }
        let missing: Vec<&str> = exports.difference(&self.exports).map(String::as_str).collect();
        let more: Vec<&str> = self.exports.difference(exports).map(String::as_str).collect();
        if !missing.is_empty() {
            problems.push(format!("does not export what neuvol.h declares: {}", missing.join(", ")));
        }
        if !more.is_empty() {
            problems.push(format!("exports what neuvol.h does not declare: {}", more.join(", ")));
        }
        for library in &self.needed {
            let known = match platform {
                Platform::Linux => LINUX_LIBRARIES.contains(&library.as_str()),
                Platform::Windows => WINDOWS_LIBRARIES.contains(&library.to_ascii_lowercase().as_str()),
            };
            if !known {
                problems.push(format!("needs {library}, which not every machine has"));
            }
        }
        for &(major, minor) in self.glibc.iter().filter(|&&version| version > GLIBC) {
            problems.push(format!("needs glibc {major}.{minor}, and may need {}.{} at most", GLIBC.0, GLIBC.1));
        }
        for path in &self.search_paths {
            problems.push(format!("looks for libraries in {path}"));
        }
        if !self.is_stripped {
            problems.push("holds symbols or debugging information: strip it".into());
        }
        if !self.is_hardened {
            problems.push("has a fixed address, relocations in its code or data that can be run".into());
        }
        if self.bytes > CEILING {
            problems.push(format!("has {} bytes, more than {CEILING}", self.bytes));
        }
        problems
    }
}

fn elf_file(bytes: &[u8]) -> object::Result<Binary> {
    let file = ElfFile64::<Endianness>::parse(bytes)?;
    let (header, endian) = (file.elf_header(), file.endian());
    let sections = file.elf_section_table();
    let (mut needed, mut search_paths, mut glibc) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut has_text_relocations = false;
    if let Some((entries, link)) = sections.dynamic(endian, bytes)? {
        let strings = sections.strings(endian, bytes, link)?;
        for entry in entries {
            let value = || strings.get(u32::try_from(entry.d_val.get(endian)).unwrap_or(u32::MAX));
            let name = |value: Result<&[u8], ()>| value.map(text).unwrap_or_default();
            match entry.d_tag.get(endian) {
                elf::DT_NEEDED => drop(needed.insert(name(value()))),
                elf::DT_RPATH | elf::DT_RUNPATH => drop(search_paths.insert(name(value()))),
                elf::DT_TEXTREL => has_text_relocations = true,
                _ => {}
            }
        }
    }
    if let Some((mut needs, link)) = sections.gnu_verneed(endian, bytes)? {
        let strings = sections.strings(endian, bytes, link)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                let is_weak = version.vna_flags.get(endian).contains(elf::VER_FLG_WEAK);
                if !is_weak {
                    glibc.extend(glibc_version(&text(version.name(endian, strings)?)));
                }
            }
        }
    }
    let exported = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    let exports = exported.filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect();
    let kept = |name: &str| name.starts_with(".debug") || name.starts_with(".zdebug") || name == ".symtab";
    let stack = file.elf_program_headers().iter().find(|segment| segment.p_type.get(endian) == elf::PT_GNU_STACK);
    Ok(Binary {
        platform: (file.architecture() == Architecture::X86_64 && header.e_type(endian) == elf::ET_DYN)
            .then_some(Platform::Linux),
        bytes: bytes.len(),
        exports,
        needed,
        glibc,
        search_paths,
        is_stripped: !file.sections().any(|section| section.name().is_ok_and(kept)),
        is_hardened: !has_text_relocations && stack.is_some_and(|stack| !stack.p_flags.get(endian).contains(elf::PF_X)),
    })
}

/// `GLIBC_2.34` as numbers. Other names, as GCC_3.0, are of libraries that come with each system's compiler.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    let mut parts = name.strip_prefix("GLIBC_")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn pe_file(bytes: &[u8]) -> object::Result<Binary> {
    let file = PeFile64::parse(bytes)?;
    let header = file.nt_headers();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let is_library = header.file_header.characteristics.get(object::LittleEndian).contains(pe::IMAGE_FILE_DLL);
    let safe = pe::IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE | pe::IMAGE_DLLCHARACTERISTICS_NX_COMPAT;
    let characteristics = header.optional_header.dll_characteristics.get(object::LittleEndian);
    let mut needed = BTreeSet::new();
    if let Some(imports) = file.import_table()? {
        let mut libraries = imports.descriptors()?;
        while let Some(library) = libraries.next()? {
            needed.insert(text(imports.name(library.name.get(object::LittleEndian))?));
        }
    }
    let mut exports = BTreeSet::new();
    if let Some(table) = file.export_table()? {
        exports.extend(table.exports()?.iter().filter_map(|export| export.name).map(text));
    }
    let has_symbols = header.file_header.number_of_symbols.get(object::LittleEndian) != 0;
    let has_debug = file.sections().any(|section| section.name().is_ok_and(|name| name.starts_with(".debug")));
    Ok(Binary {
        platform: (file.architecture() == Architecture::X86_64 && is_library).then_some(Platform::Windows),
        bytes: bytes.len(),
        exports,
        needed,
        glibc: BTreeSet::new(),
        search_paths: BTreeSet::new(),
        is_stripped: !has_symbols && !has_debug,
        is_hardened: characteristics.contains(safe),
    })
}

/// Where a file names a folder of the machine that it was built on: the first of `places` in it, or of what usually is one.
pub fn machine_path(bytes: &[u8], places: &[String]) -> Option<String> {
    const USUAL: [&str; 7] =
        ["/home/", "/root/", "/Users/", ":\\Users\\", "/.cargo/", "/cargo/registry/", "/rustup/toolchains/"];
    let given = places.iter().map(String::as_str).filter(|place| !place.is_empty());
    given.chain(USUAL).find_map(|place| {
        let at = bytes.windows(place.len()).position(|window| window == place.as_bytes())?;
        let start = bytes[..at].iter().rposition(|&byte| !is_of_path(byte)).map_or(0, |before| before + 1);
        let end = bytes[at..].iter().position(|&byte| !is_of_path(byte)).map_or(bytes.len(), |length| at + length);
        Some(String::from_utf8_lossy(&bytes[start.max(at.saturating_sub(80))..end.min(at + 120)]).into_owned())
    })
}

fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'(' | b')' | b'<' | b'>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn sound(platform: Platform) -> Binary {
        let needed = match platform {
            Platform::Linux => names(&["libc.so.6", "libgcc_s.so.1"]),
            Platform::Windows => names(&["KERNEL32.dll", "msvcrt.dll"]),
        };
        Binary {
            platform: Some(platform),
            bytes: 1000,
            exports: names(&["a", "b"]),
            needed,
            glibc: [(2, 2), (2, 34)].into(),
            search_paths: BTreeSet::new(),
            is_stripped: true,
            is_hardened: true,
        }
    }

    #[test]
    fn each_rule_is_kept_and_can_be_broken() {
        for platform in Platform::ALL {
            let exports = names(&["a", "b"]);
            assert_eq!(sound(platform).problems(platform, &exports), [""; 0]);
            let broken = |change: &dyn Fn(&mut Binary), words: &str| {
                let mut binary = sound(platform);
                change(&mut binary);
                let problems = binary.problems(platform, &exports);
                assert!(problems.len() == 1 && problems[0].contains(words), "{words}: {problems:?}");
            };
            broken(&|binary| binary.platform = None, "is no x86-64 library");
            broken(&|binary| binary.exports = names(&["a"]), "does not export what neuvol.h declares: b");
            broken(&|binary| binary.exports = names(&["a", "b", "c"]), "does not declare: c");
            broken(&|binary| binary.needed.extend(["libwinpthread-1.dll".into()]), "needs libwinpthread-1.dll");
            broken(&|binary| binary.glibc.extend([(2, 38)]), "needs glibc 2.38, and may need 2.34");
            broken(&|binary| binary.search_paths.extend(["/opt".into()]), "looks for libraries in /opt");
            broken(&|binary| binary.is_stripped = false, "strip it");
            broken(&|binary| binary.is_hardened = false, "fixed address");
            broken(&|binary| binary.bytes = CEILING + 1, "more than");
        }
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn this_program_is_read() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let binary = Binary::read(&program).unwrap();
        assert_eq!((binary.platform, binary.is_hardened), (Some(Platform::Linux), true));
        assert!(binary.needed.contains("libc.so.6") && !binary.is_stripped, "{binary:?}");
        assert!(binary.glibc.first().unwrap() >= &(2, 2), "{binary:?}");
        assert!(Binary::read(b"#!/bin/sh\n").is_err());
        let here = env!("CARGO_MANIFEST_DIR").to_owned();
        let marked = [b"\0\0", here.as_bytes(), b"/src/lib.rs\0"].concat();
        assert_eq!(machine_path(&marked, std::slice::from_ref(&here)), Some(format!("{here}/src/lib.rs")));
        assert_eq!(machine_path(b"\0/rustc/0123/library/core/src/str.rs", &[here]), None);
        assert_eq!(machine_path(b"at /home/me/x.rs:", &[]), Some("/home/me/x.rs:".into()));
    }

    #[test]
    fn versions_of_glibc_are_numbers() {
        assert_eq!(glibc_version("GLIBC_2.9"), Some((2, 9)));
        assert_eq!(glibc_version("GLIBC_2.3.4"), Some((2, 3)));
        assert_eq!((glibc_version("GCC_3.0"), glibc_version("GLIBC_PRIVATE")), (None, None));
    }
}
