// SPDX-License-Identifier: MIT OR Apache-2.0

using System.IO;
using UnrealBuildTool;

// The decoder itself: headers, and a shared library that the module Neuvol loads by name. Nothing is linked, so there is no
// import library, and a project starts (and says why there are no volumes) where the library is missing.
public class NeuvolLibrary : ModuleRules
{
	public NeuvolLibrary(ReadOnlyTargetRules Target) : base(Target)
	{
		Type = ModuleType.External;
		PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));

		if (Target.Platform == UnrealTargetPlatform.Win64)
		{
			Stage("Win64", "neuvol.dll");
		}
		else if (Target.Platform == UnrealTargetPlatform.Linux)
		{
			Stage("Linux", "libneuvol.so");
		}
	}

	private void Stage(string Platform, string Name)
	{
		// Staged where it lies, so that the editor and a packaged project find it at the same place below the plugin.
		RuntimeDependencies.Add(Path.Combine(ModuleDirectory, "lib", Platform, Name), StagedFileType.NonUFS);
	}
}
