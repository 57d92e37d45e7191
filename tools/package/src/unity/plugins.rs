//! The settings of native libraries: each runs on one platform and is loaded at the start.

use crate::metas::Platform;
use crate::tree::Tree;

pub(super) fn problems(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for path in tree.paths() {
        let Some(platform) = Platform::of(path) else { continue };
        let meta = format!("{path}.meta");
        let Some(text) = tree.text(&meta) else { continue };
        if !text.lines().any(|line| line.trim() == "isPreloaded: 1") {
            problems.push(format!(
                "{meta}: `isPreloaded` must be 1, or Unity's Vulkan device is made before the library is there"
            ));
        }
        let enabled: Vec<Target<'_>> = targets(text).into_iter().filter(|target| target.enabled).collect();
        let player = ("Standalone", platform.player());
        let names: Vec<(&str, &str)> = enabled.iter().map(|target| (target.group, target.name)).collect();
        if names != [("Editor", "Editor"), player] {
            problems.push(format!("{meta} enables {names:?}: it must be the editor and {} only", platform.player()));
        }
        for target in &enabled {
            if target.cpu != Some("x86_64") {
                problems.push(format!("{meta}: {} needs `CPU: x86_64`, and has {:?}", target.name, target.cpu));
            }
            if target.group == "Editor" && target.os != Some(platform.editor()) {
                problems.push(format!(
                    "{meta}: the editor's `OS` must be {}, and is {:?}",
                    platform.editor(),
                    target.os
                ));
            }
        }
    }
    problems
}

/// One entry of `platformData`.
struct Target<'a> {
    group: &'a str,
    name: &'a str,
    enabled: bool,
    cpu: Option<&'a str>,
    os: Option<&'a str>,
}

/// The entries of `platformData`, sorted as Unity writes them.
fn targets(meta: &str) -> Vec<Target<'_>> {
    let mut targets: Vec<Target<'_>> = Vec::new();
    let mut names_follow = false;
    for line in meta.lines().skip_while(|line| line.trim() != "platformData:") {
        let line = line.trim();
        if line == "- first:" {
            names_follow = true;
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if names_follow {
            targets.push(Target { group: key, name: value, enabled: false, cpu: None, os: None });
            names_follow = false;
        } else if let Some(target) = targets.last_mut() {
            match key {
                "enabled" => target.enabled = value == "1",
                "CPU" => target.cpu = Some(value),
                "OS" => target.os = Some(value),
                _ => {}
            }
        }
    }
    targets
}
