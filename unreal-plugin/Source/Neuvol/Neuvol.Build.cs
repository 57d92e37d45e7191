// SPDX-License-Identifier: MIT OR Apache-2.0

using UnrealBuildTool;

public class Neuvol : ModuleRules
{
	public Neuvol(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		CppStandard = CppStandardVersion.Cpp20;

		PublicDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "Engine" });
		PrivateDependencyModuleNames.AddRange(new string[]
		{
			"Json", "NeuvolLibrary", "Projects", "RenderCore", "Renderer", "RHI",
		});

		// Both platforms can run on Vulkan; on any other RHI the plugin decodes on the CPU.
		bool bWithVulkan = Target.Platform == UnrealTargetPlatform.Win64 || Target.Platform == UnrealTargetPlatform.Linux;
		PrivateDefinitions.Add("NEUVOL_WITH_VULKAN=" + (bWithVulkan ? "1" : "0"));
		if (bWithVulkan)
		{
			PrivateDependencyModuleNames.Add("VulkanRHI");
			AddEngineThirdPartyPrivateStaticDependencies(Target, "Vulkan");
		}
	}
}
