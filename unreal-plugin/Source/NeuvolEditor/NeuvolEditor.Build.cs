// SPDX-License-Identifier: MIT OR Apache-2.0

using UnrealBuildTool;

public class NeuvolEditor : ModuleRules
{
	public NeuvolEditor(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		CppStandard = CppStandardVersion.Cpp20;

		PrivateDependencyModuleNames.AddRange(new string[]
		{
			"AssetDefinition", "AssetRegistry", "Core", "CoreUObject", "Engine", "Neuvol", "UnrealEd",
		});
	}
}
