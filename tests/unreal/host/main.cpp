// Drives the plugin's own code in the fake engine, and compares what is in its textures with neuvol_decode_to_host().
//
//   host SCENARIO PLUGIN CONTENT
//
// PLUGIN: folder of the plugin with its library; CONTENT: folder with theta.neuvol, wrong.neuvol. Exits with 0 if all holds, 77
// without a Vulkan device.
#include "Checks.h"

#include <cstdio>
#include <cstring>

int Scenarios::Failures = 0;

int main(int Count, char** Words)
{
	if (Count != 4)
	{
		std::fprintf(stderr, "host SCENARIO PLUGIN CONTENT\n");
		return 2;
	}
	const std::string Wanted = Words[1];
	Fake::FOptions Options;
	Options.Plugin = Words[2];
	Options.Content = Words[3];
	for (const Scenarios::FScenario& Scenario : Scenarios::All())
	{
		if (Wanted != Scenario.Name) continue;
		Options.Kind = Scenario.Kind;
		Options.bHasExtendedFormats = Scenario.bHasExtendedFormats;
		if (!Fake::Start(Options))
		{
			std::fprintf(stderr, "there is no Vulkan device with validation layers\n");
			return 77;
		}
		Scenario.Run();
		for (const std::string& Problem : Fake::Stop())
		{
			std::fprintf(stderr, "%s\n", Problem.c_str());
			++Scenarios::Failures;
		}
		for (const std::string& Line : Fake::TakeComplaints())
		{
			std::fprintf(stderr, "logged: %s\n", Line.c_str());
			++Scenarios::Failures;
		}
		return Scenarios::Failures == 0 ? 0 : 1;
	}
	std::fprintf(stderr, "no scenario %s\n", Words[1]);
	return 2;
}
