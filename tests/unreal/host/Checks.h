// What the scenarios share.
#pragma once

#include "Host.h"
#include "NeuvolComponent.h"
#include "NeuvolPlayer.h"

#include <functional>
#include <string>
#include <vector>

namespace Scenarios
{
	struct FScenario
	{
		const char* Name;
		Fake::EKind Kind;
		std::function<void()> Run;
		bool bHasExtendedFormats = true;
	};
	const std::vector<FScenario>& All();

	extern int Failures;

#define EXPECT(Condition)                                                                 \
	do                                                                                    \
	{                                                                                     \
		if (!(Condition))                                                                 \
		{                                                                                 \
			std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #Condition); \
			++Scenarios::Failures;                                                        \
		}                                                                                 \
	} while (false)

	/** A component that is registered and ticks, and ends with its scope. */
	class FPlaced
	{
	public:
		FPlaced();
		~FPlaced();
		FPlaced(const FPlaced&) = delete;
		FPlaced& operator=(const FPlaced&) = delete;
		UNeuvolComponent* operator->() const { return Component; }
		UNeuvolComponent* Get() const { return Component; }

	private:
		UNeuvolComponent* Component;
	};

	std::string Text(const FText& In);
	std::string Text(const FString& In);
	bool Contains(const std::string& Whole, const std::string& Part);

	/** Frames until the component shows what it was asked for, or has failed. */
	void Settle(const FPlaced& Placed);

	/** Frames until something holds; false after many. */
	bool FramesUntil(const std::function<bool()>& Holds);

	/** What is in the texture that is drawn, as floats. */
	std::vector<float> Shown(const FPlaced& Placed);

	/** What the decoder gives to host memory for the frame that is shown. */
	std::vector<float> Expected(const FPlaced& Placed);

	/** Largest difference as a part of the variable's range; missing values must be missing in both. */
	double Difference(const FPlaced& Placed);
}
