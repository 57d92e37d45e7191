//! The plugin's shader: what it declares is what the C++ side gives it, and it sets all that the shared core wants.

use crate::plugin;
use neuvol_tests::native::{self, succeed, tool};
use std::collections::BTreeMap;
use std::fs;

fn shader() -> String {
    fs::read_to_string(plugin().join("Shaders/Private/NeuvolRaymarch.usf")).expect("the shader")
}

/// `SHADER_PARAMETER...(Type, Name)` of the pass, as HLSL declares them.
fn given() -> BTreeMap<String, String> {
    let text = fs::read_to_string(plugin().join("Source/Neuvol/Private/NeuvolRenderer.cpp")).expect("the renderer");
    let hlsl = |ty: &str| {
        let known =
            [("FMatrix44f", "float4x4"), ("FVector4f", "float4"), ("FVector3f", "float3"), ("FVector2f", "float2")];
        known.iter().find(|(name, _)| *name == ty).map_or(ty, |(_, name)| name).to_owned()
    };
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("SHADER_PARAMETER"));
    lines
        .map(|line| {
            let (_, inner) = line.trim_end_matches(')').split_once('(').expect("a parameter");
            let (ty, name) = inner.split_once(", ").expect("type and name");
            (name.to_owned(), hlsl(ty))
        })
        .collect()
}

/// `float3 Edges;`: what the shader declares outside of functions.
fn declared() -> BTreeMap<String, String> {
    let types = ["float", "float2", "float3", "float4", "float4x4", "Texture2D", "Texture3D", "SamplerState"];
    let shader = shader();
    let lines = shader.lines().filter_map(|line| line.split(';').next()?.split_once(' '));
    let declarations = lines.filter(|(ty, name)| types.contains(ty) && name.chars().all(char::is_alphanumeric));
    declarations.map(|(ty, name)| (name.to_owned(), ty.to_owned())).collect()
}

#[test]
fn parameters_are_the_same_on_both_sides() {
    let declared = declared();
    assert!(declared.len() > 15, "{declared:?}");
    assert_eq!(declared, given());
}

#[test]
fn every_setting_of_the_core_is_set() {
    let core = fs::read_to_string(native::root().join("bindings/shaders/NeuvolVolume.hlsl")).expect("the core");
    let (_, settings) = core.split_once("struct NeuvolSettings\n{").expect("the settings");
    let (settings, _) = settings.split_once("};").expect("their end");
    let shader = shader();
    let mut count = 0;
    for line in settings.lines().filter_map(|line| line.split(';').next()) {
        let Some(name) = line.split_whitespace().nth(1).and_then(|name| name.split('[').next()) else { continue };
        count += 1;
        // Without cut planes their count is all.
        assert!(name == "cuts" || shader.contains(&format!("s.{name} = ")), "NeuvolRaymarch.usf does not set {name}");
    }
    assert!(count > 15);
}

/// All modes, with and without light, by glslang. What the engine adds (`Platform.ush`) the shader does not need for that.
#[test]
fn every_variant_compiles() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = folder.path().join("NeuvolRaymarch.hlsl");
    let shader = shader().replace("#include \"/Engine/Public/Platform.ush\"", "");
    fs::write(&source, shader).expect("a file");
    for mode in 0..3 {
        for lit in 0..2 {
            let mut compiler = tool("glslangValidator");
            compiler.args(["-D", "-V", "-S", "frag", "-e", "MainPS", "--auto-map-bindings", "--auto-map-locations"]);
            compiler.arg(format!("-DNEUVOL_UNREAL_MODE={mode}")).arg(format!("-DNEUVOL_UNREAL_LIT={lit}"));
            compiler.arg(format!("-I{}", plugin().join("Shaders/Private").display())).arg(&source);
            succeed(compiler.arg("-o").arg(folder.path().join("made.spv")));
        }
    }
}
