// As much of Unreal's build tool as the plugin's rules use, from Epic's public pages, and a program that prints what the rules say
// for a platform:
//
//   rules PLATFORM FOLDER_OF_SOURCES

using System;
using System.Collections.Generic;
using System.IO;

namespace UnrealBuildTool
{
	public enum UnrealTargetPlatform { Win64, Linux, Mac }

	public enum StagedFileType { UFS, NonUFS }

	public enum CppStandardVersion { Cpp17, Cpp20 }

	public class ReadOnlyTargetRules
	{
		public UnrealTargetPlatform Platform;
		public string Folder;
	}

	public class RuntimeDependencyList
	{
		public readonly List<string> Paths = new List<string>();

		public void Add(string Path, StagedFileType Type)
		{
			Paths.Add(Type + " " + Path);
		}
	}

	public class ModuleRules
	{
		public enum ModuleType { CPlusPlus, External }
		public enum PCHUsageMode { Default, UseExplicitOrSharedPCHs }

		protected readonly string ModuleDirectory;
		public ModuleType Type = ModuleType.CPlusPlus;
		public PCHUsageMode PCHUsage;
		public CppStandardVersion CppStandard;
		public readonly List<string> PublicDependencyModuleNames = new List<string>();
		public readonly List<string> PrivateDependencyModuleNames = new List<string>();
		public readonly List<string> PrivateDefinitions = new List<string>();
		public readonly List<string> PublicSystemIncludePaths = new List<string>();
		public readonly RuntimeDependencyList RuntimeDependencies = new RuntimeDependencyList();
		public readonly List<string> ThirdParty = new List<string>();

		public ModuleRules(ReadOnlyTargetRules Target)
		{
			ModuleDirectory = Target.Folder;
		}

		public void AddEngineThirdPartyPrivateStaticDependencies(ReadOnlyTargetRules Target, params string[] Names)
		{
			ThirdParty.AddRange(Names);
		}
	}

	public static class Program
	{
		public static void Main(string[] Words)
		{
			var Platform = (UnrealTargetPlatform)Enum.Parse(typeof(UnrealTargetPlatform), Words[0]);
			Func<string, ReadOnlyTargetRules> At = Name => new ReadOnlyTargetRules { Platform = Platform, Folder = Path.Combine(Words[1], Name) };
			Print("Neuvol", new global::Neuvol(At("Neuvol")));
			Print("NeuvolEditor", new global::NeuvolEditor(At("NeuvolEditor")));
			Print("NeuvolLibrary", new global::NeuvolLibrary(At("ThirdParty/Neuvol")));
		}

		private static void Print(string Name, ModuleRules Rules)
		{
			var Modules = new List<string>(Rules.PublicDependencyModuleNames);
			Modules.AddRange(Rules.PrivateDependencyModuleNames);
			Modules.Sort(StringComparer.Ordinal);
			Console.WriteLine(Name + " " + Rules.Type);
			Line("modules", Modules);
			Line("third party", Rules.ThirdParty);
			Line("definitions", Rules.PrivateDefinitions);
			Line("includes", Rules.PublicSystemIncludePaths);
			Line("staged", Rules.RuntimeDependencies.Paths);
		}

		private static void Line(string Title, List<string> Words)
		{
			if (Words.Count != 0)
			{
				Console.WriteLine("  " + Title + ": " + string.Join(" ", Words));
			}
		}
	}
}
