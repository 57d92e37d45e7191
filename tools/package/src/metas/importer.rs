//! What stands in a `.meta` file below the GUID: the importer and its settings, as Unity 2022.3 writes them.

use crate::tree::{extension_of, name_of};

/// The last lines of most importers. Unity writes the blanks at the ends of lines, too.
const TAIL: &str = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n";

/// Where a native library runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux on x86-64.
    Linux,
    /// Windows on x86-64.
    Windows,
}

impl Platform {
    /// All that packages have libraries for.
    pub const ALL: [Platform; 2] = [Platform::Linux, Platform::Windows];

    /// The library in a Unity package.
    pub fn unity_path(self) -> &'static str {
        match self {
            Platform::Linux => "Runtime/Plugins/Linux/x86_64/libneuvol.so",
            Platform::Windows => "Runtime/Plugins/Windows/x86_64/neuvol.dll",
        }
    }

    /// The library in an Unreal plugin.
    pub fn unreal_path(self) -> &'static str {
        match self {
            Platform::Linux => "Source/ThirdParty/Neuvol/lib/Linux/libneuvol.so",
            Platform::Windows => "Source/ThirdParty/Neuvol/lib/Win64/neuvol.dll",
        }
    }

    /// The platform of a library in a Unity package, by its folder.
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.unity_path() == path)
    }

    /// What Unity's editor calls it.
    pub(crate) fn editor(self) -> &'static str {
        match self {
            Platform::Linux => "Linux",
            Platform::Windows => "Windows",
        }
    }

    /// What Unity calls it as a target of players.
    pub(crate) fn player(self) -> &'static str {
        match self {
            Platform::Linux => "Linux64",
            Platform::Windows => "Win64",
        }
    }
}

/// The importer of a folder.
pub(crate) fn of_folder() -> String {
    format!("folderAsset: yes\nDefaultImporter:\n  externalObjects: {{}}\n{TAIL}")
}

/// The importer of a file, or nothing if its kind is not known here.
pub(crate) fn of_file(path: &str) -> Option<String> {
    let plain = |name: &str| Some(format!("{name}:\n  externalObjects: {{}}\n{TAIL}"));
    if path == "package.json" {
        return plain("PackageManifestImporter");
    }
    match extension_of(path).as_str() {
        "cs" => Some(format!(
            "MonoImporter:\n  externalObjects: {{}}\n  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n  \
             icon: {{instanceID: 0}}\n{TAIL}"
        )),
        "asmdef" => plain("AssemblyDefinitionImporter"),
        "asmref" => plain("AssemblyDefinitionReferenceImporter"),
        "shader" => Some(format!(
            "ShaderImporter:\n  externalObjects: {{}}\n  defaultTextures: []\n  nonModifiableTextures: []\n  \
             preprocessorOverride: 0\n{TAIL}"
        )),
        "hlsl" | "cginc" => plain("ShaderIncludeImporter"),
        "compute" => {
            Some(format!("ComputeShaderImporter:\n  externalObjects: {{}}\n  preprocessorOverride: 0\n{TAIL}"))
        }
        "md" | "txt" | "json" | "csv" | "xml" => plain("TextScriptImporter"),
        "unity" => plain("DefaultImporter"),
        // The importer in `Editor/` is named by its script's GUID; Unity puts that in when the sample is imported.
        "neuvol" => plain("DefaultImporter"),
        "prefab" => plain("PrefabImporter"),
        "asset" | "mat" => {
            Some(format!("NativeFormatImporter:\n  externalObjects: {{}}\n  mainObjectFileID: 0\n{TAIL}"))
        }
        "png" => Some(texture()),
        "so" | "dll" => Platform::of(path).map(plugin),
        "uss" => Some(scripted(12385)),
        "uxml" => Some(scripted(13804)),
        _ => None,
    }
}

/// One of the importers of UI Toolkit, which Unity names by a number.
fn scripted(file_id: u32) -> String {
    format!(
        "ScriptedImporter:\n  internalIDToNameTable: []\n  externalObjects: {{}}\n  serializedVersion: 2\n{TAIL}  script: \
         {{fileID: {file_id}, guid: 0000000000000000e000000000000000, type: 0}}\n  disableValidation: 0\n"
    )
}

/// Pictures of documentation and icons: no mip maps, no compression, sRGB. What is not named has Unity's defaults.
fn texture() -> String {
    format!(
        "TextureImporter:\n  internalIDToNameTable: []\n  externalObjects: {{}}\n  serializedVersion: 12\n  mipmaps:\n    \
         mipMapMode: 0\n    enableMipMap: 0\n    sRGBTexture: 1\n  isReadable: 0\n  textureSettings:\n    \
         serializedVersion: 2\n    filterMode: 1\n    wrapU: 1\n    wrapV: 1\n    wrapW: 1\n  nPOTScale: 0\n  \
         alphaUsage: 1\n  alphaIsTransparency: 1\n  textureType: 0\n  textureShape: 1\n  textureCompression: 0\n{TAIL}"
    )
}

/// A native library: one operating system, one kind of processor, in the editor and in players, and loaded at the start,
/// because Unity's Vulkan device can only be completed while it is made.
fn plugin(platform: Platform) -> String {
    let exclude = |name: &str| {
        let wanted = name == "Editor" || name == platform.player();
        format!("        Exclude {name}: {}\n", u8::from(!wanted))
    };
    let excluded: String =
        ["Android", "Editor", "Linux64", "OSXUniversal", "WebGL", "Win", "Win64", "iOS"].map(exclude).concat();
    let player = |name: &str| {
        let enabled = u8::from(name == platform.player());
        let cpu = if enabled == 1 { "x86_64" } else { "None" };
        format!(
            "  - first:\n      Standalone: {name}\n    second:\n      enabled: {enabled}\n      settings:\n        CPU: {cpu}\n"
        )
    };
    let players = ["Linux64", "OSXUniversal", "Win", "Win64"].map(player).concat();
    format!(
        "PluginImporter:\n  externalObjects: {{}}\n  serializedVersion: 2\n  iconMap: {{}}\n  executionOrder: {{}}\n  \
         defineConstraints: []\n  isPreloaded: 1\n  isOverridable: 0\n  isExplicitlyReferenced: 0\n  \
         validateReferences: 1\n  platformData:\n  - first:\n      : Any\n    second:\n      enabled: 0\n      \
         settings:\n{excluded}  - first:\n      Any: \n    second:\n      enabled: 0\n      settings: {{}}\n  - first:\n      \
         Editor: Editor\n    second:\n      enabled: 1\n      settings:\n        CPU: x86_64\n        \
         DefaultValueInitialized: true\n        OS: {}\n{players}{TAIL}",
        platform.editor()
    )
}

/// Whether Unity looks at this file or folder: names that end with `~`, begin with a dot or end with `.tmp` it does not.
pub(crate) fn is_seen(path: &str) -> bool {
    !path.split('/').any(|part| part.ends_with('~') || part.starts_with('.') || part.eq_ignore_ascii_case("cvs"))
        && !name_of(path).ends_with(".tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_file_has_its_importer() {
        let cases = [
            ("package.json", "PackageManifestImporter"),
            ("Tests/data.json", "TextScriptImporter"),
            ("README.md", "TextScriptImporter"),
            ("Runtime/A.cs", "MonoImporter"),
            ("Runtime/Neuvol.asmdef", "AssemblyDefinitionImporter"),
            ("Runtime/Shaders/A.shader", "ShaderImporter"),
            ("Runtime/Shaders/A.hlsl", "ShaderIncludeImporter"),
            ("Editor/icon.png", "TextureImporter"),
            ("Runtime/Plugins/Linux/x86_64/libneuvol.so", "PluginImporter"),
        ];
        for (path, importer) in cases {
            assert!(of_file(path).unwrap().starts_with(&format!("{importer}:\n")), "{path}");
        }
        assert_eq!(of_file("Runtime/a.exe"), None);
        assert_eq!(of_file("Runtime/Plugins/libother.so"), None, "a library belongs to a platform");
    }

    #[test]
    fn what_unity_does_not_see() {
        assert!(is_seen("Runtime/A.cs"));
        for path in ["Samples~/A/B.cs", "Documentation~", "Runtime/.hidden/a.cs", "a.tmp", "cvs/x"] {
            assert!(!is_seen(path), "{path}");
        }
    }

    #[test]
    fn a_library_runs_on_one_platform() {
        for platform in Platform::ALL {
            let text = of_file(platform.unity_path()).unwrap();
            assert_eq!(text.matches("enabled: 1").count(), 2, "the editor and one player: {text}");
            assert!(text.contains("isPreloaded: 1") && text.contains(&format!("OS: {}\n", platform.editor())));
        }
    }
}
