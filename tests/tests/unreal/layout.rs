//! What Unreal's build tool reads: the descriptor, the build rules, what is staged, the names of files and modules.

use crate::build::files_below;
use crate::{engine, plugin};
use neuvol_tests::native::{self, succeed, tool};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn text(name: &str) -> String {
    let path = plugin().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn descriptor() -> Value {
    serde_json::from_str(&text("Neuvol.uplugin")).expect("JSON")
}

#[test]
fn the_descriptor_says_what_the_folders_have() {
    let descriptor = descriptor();
    assert_eq!(descriptor["FileVersion"], 3);
    assert!(descriptor["Version"].as_u64().is_some_and(|version| version >= 1));
    let cargo = fs::read_to_string(native::root().join("Cargo.toml")).expect("Cargo.toml");
    let version = format!("version = \"{}\"", descriptor["VersionName"].as_str().expect("a version"));
    assert!(cargo.contains(&version), "VersionName is not that of Cargo.toml");
    assert_eq!(descriptor["CanContainContent"], false, "there is no Content folder");
    assert!(!plugin().join("Content").exists());

    let modules = descriptor["Modules"].as_array().expect("modules");
    let described: Vec<(&str, &str, &str)> = modules
        .iter()
        .map(|module| {
            let word = |name: &str| module[name].as_str().unwrap_or("");
            (word("Name"), word("Type"), word("LoadingPhase"))
        })
        .collect();
    // The runtime module has shaders and asks for device extensions: both must come before the RHI.
    let wanted = [("Neuvol", "Runtime", "PostConfigInit"), ("NeuvolEditor", "Editor", "Default")];
    assert_eq!(described, wanted);
    for (name, ..) in described {
        let rules = text(&format!("Source/{name}/{name}.Build.cs"));
        assert!(rules.contains(&format!("public class {name} : ModuleRules")), "{name}.Build.cs");
        let mut sources = Vec::new();
        files_below(&plugin().join("Source").join(name), "cpp", &mut sources);
        let implements = |path: &PathBuf| {
            let text = fs::read_to_string(path).expect("a source");
            text.contains("IMPLEMENT_MODULE(") && text.contains(&format!(", {name})"))
        };
        assert_eq!(sources.iter().filter(|path| implements(path)).count(), 1, "IMPLEMENT_MODULE of {name}");
    }
}

/// Headers and the module that each comes from; a module that is missing in the rules fails at link time, only on Windows.
const MODULES: [(&str, &str); 24] = [
    ("CoreMinimal.h", "Core"),
    ("Async/Async.h", "Core"),
    ("Modules/ModuleManager.h", "Core"),
    ("UObject/Object.h", "CoreUObject"),
    ("Components/PrimitiveComponent.h", "Engine"),
    ("GameFramework/Actor.h", "Engine"),
    ("PrimitiveSceneProxy.h", "Engine"),
    ("SceneView.h", "Engine"),
    ("Dom/JsonObject.h", "Json"),
    ("Serialization/JsonSerializer.h", "Json"),
    ("Interfaces/IPluginManager.h", "Projects"),
    ("RendererInterface.h", "RenderCore"),
    ("GlobalShader.h", "RenderCore"),
    ("ShaderCore.h", "RenderCore"),
    ("RenderGraphBuilder.h", "RenderCore"),
    ("PixelShaderUtils.h", "Renderer"),
    ("DynamicRHI.h", "RHI"),
    ("RHICommandList.h", "RHI"),
    ("IVulkanDynamicRHI.h", "VulkanRHI"),
    ("Factories/Factory.h", "UnrealEd"),
    ("ActorFactories/ActorFactory.h", "UnrealEd"),
    ("AssetRegistry/AssetData.h", "AssetRegistry"),
    ("AssetDefinitionDefault.h", "AssetDefinition"),
    ("NeuvolAsset.h", "Neuvol"),
];

#[test]
fn the_rules_name_the_modules_whose_headers_are_used() {
    for module in ["Neuvol", "NeuvolEditor"] {
        let rules = text(&format!("Source/{module}/{module}.Build.cs"));
        let mut sources = Vec::new();
        for extension in ["h", "cpp"] {
            files_below(&plugin().join("Source").join(module), extension, &mut sources);
        }
        for path in sources {
            let source = fs::read_to_string(&path).expect("a source");
            for (header, from) in MODULES {
                let is_used = source.contains(&format!("#include \"{header}\"")) && from != module;
                assert!(
                    !is_used || rules.contains(&format!("\"{from}\"")),
                    "{}: {header} needs {from}",
                    path.display()
                );
            }
        }
    }
    let runtime = text("Source/Neuvol/Neuvol.Build.cs");
    assert!(runtime.contains("AddEngineThirdPartyPrivateStaticDependencies(Target, \"Vulkan\")"));
    assert!(runtime.contains("\"NeuvolLibrary\"") && !runtime.contains("UnrealEd"), "no editor in a game");
}

/// The library is staged where the module looks for it, and nothing is linked.
#[test]
fn the_library_is_staged_where_it_is_looked_for() {
    let rules = text("Source/ThirdParty/Neuvol/NeuvolLibrary.Build.cs");
    assert!(
        rules.contains("public class NeuvolLibrary : ModuleRules") && rules.contains("Type = ModuleType.External;")
    );
    assert!(!rules.contains("PublicAdditionalLibraries") && !rules.contains("PublicDelayLoadDLLs"));
    assert!(rules.contains(
        "RuntimeDependencies.Add(Path.Combine(ModuleDirectory, \"lib\", Platform, Name), StagedFileType.NonUFS)"
    ));
    let module = text("Source/Neuvol/Private/NeuvolModule.cpp");
    assert!(module.contains("Source/ThirdParty/Neuvol/lib"));
    for (platform, name) in [("Win64", "neuvol.dll"), ("Linux", "libneuvol.so")] {
        assert!(rules.contains(&format!("Stage(\"{platform}\", \"{name}\")")), "{platform} is not staged");
        assert!(module.contains(&format!("TEXT(\"{platform}/{name}\")")), "{platform} is not looked for");
        assert!(plugin().join("Source/ThirdParty/Neuvol/lib").join(platform).is_dir());
    }
    let platforms = descriptor()["SupportedTargetPlatforms"].to_string();
    assert_eq!(platforms, "[\"Win64\",\"Linux\"]");
    // What Unreal's packaging leaves out unless it is told.
    let filter = text("Config/FilterPlugin.ini");
    for folder in
        ["/Shaders/...", "/Source/ThirdParty/Neuvol/lib/...", "/Source/ThirdParty/Neuvol/include/...", "/Docs/..."]
    {
        assert!(filter.lines().any(|line| line == folder), "FilterPlugin.ini lacks {folder}");
    }
}

#[test]
fn the_icon_is_a_square_of_128_pixels() {
    let icon = fs::read(plugin().join("Resources/Icon128.png")).expect("the icon");
    assert_eq!(&icon[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(icon[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((side(16), side(20)), (128, 128));
}

/// Shaders are found by their virtual path; each one that C++ names must be there, and those that include others.
#[test]
fn the_shaders_are_where_they_are_looked_for() {
    let renderer = text("Source/Neuvol/Private/NeuvolRenderer.cpp");
    let names: BTreeSet<&str> =
        renderer.split("\"/Plugin/Neuvol/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(names.len(), 1);
    for name in names {
        let shader = text(&format!("Shaders/{name}"));
        assert!(shader.contains("void MainPS("), "{name} has no MainPS");
    }
    assert!(
        text("Source/Neuvol/Private/NeuvolModule.cpp")
            .contains("AddShaderSourceDirectoryMapping(TEXT(\"/Plugin/Neuvol\")")
    );
}

/// The build rules, compiled as Unreal's build tool compiles them, for each platform.
#[test]
fn the_build_rules_say_what_each_platform_gets() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("rules.exe");
    let mut rules = Vec::new();
    files_below(&plugin().join("Source"), "cs", &mut rules);
    let mut compiler = tool("mcs");
    compiler.arg("-warnaserror").arg(format!("-out:{}", program.display()));
    succeed(compiler.arg(engine().join("rules/UnrealBuildTool.cs")).args(&rules));
    let of = |platform: &str| succeed(tool("mono").arg(&program).arg(platform).arg("Source"));
    for (platform, library) in [("Win64", "neuvol.dll"), ("Linux", "libneuvol.so")] {
        let said = of(platform);
        let staged = format!("staged: NonUFS Source/ThirdParty/Neuvol/lib/{platform}/{library}\n");
        for part in ["NeuvolLibrary External", "VulkanRHI", "third party: Vulkan", "NEUVOL_WITH_VULKAN=1", &staged] {
            assert!(said.contains(part), "{part} is not in: {said}");
        }
    }
    let elsewhere = of("Mac");
    assert!(elsewhere.contains("NEUVOL_WITH_VULKAN=0") && !elsewhere.contains("VulkanRHI"), "{elsewhere}");
    assert!(!elsewhere.contains("staged"), "{elsewhere}");
}
