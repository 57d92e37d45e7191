#include "Checks.h"

#include "NeuvolModule.h"
#include "RenderingThread.h"

#include <chrono>
#include <cmath>
#include <thread>

namespace Scenarios
{
	FPlaced::FPlaced() : Component(NewObject<UNeuvolComponent>())
	{
		Component->RegisterComponent();
		Fake::Tick(Component);
	}

	FPlaced::~FPlaced()
	{
		Fake::Forget(Component);
		Component->UnregisterComponent();
		Component->BeginDestroy();
		delete Component;
	}

	std::string Text(const FText& In)
	{
		return Fake::Narrow(*In.ToString());
	}

	std::string Text(const FString& In)
	{
		return Fake::Narrow(*In);
	}

	bool Contains(const std::string& Whole, const std::string& Part)
	{
		const bool bDoes = Whole.find(Part) != std::string::npos;
		if (!bDoes) std::fprintf(stderr, "\"%s\" is not in: %s\n", Part.c_str(), Whole.c_str());
		return bDoes;
	}

	bool FramesUntil(const std::function<bool()>& Holds)
	{
		const auto Start = std::chrono::steady_clock::now();
		while (std::chrono::steady_clock::now() - Start < std::chrono::seconds(120))
		{
			if (Holds()) return true;
			Fake::Frame();
			std::this_thread::sleep_for(std::chrono::milliseconds(1));
		}
		return false;
	}

	void Settle(const FPlaced& Placed)
	{
		// A wish is looked at in the next frame only.
		Fake::Frame();
		EXPECT(FramesUntil([&] { return Placed->GetPlayer() && Placed->GetPlayer()->IsSettled(); }));
		Fake::Frame();
	}

	namespace
	{
		float FromHalf(uint16 Half)
		{
			const int Exponent = Half >> 10 & 31;
			const float Sign = Half & 0x8000 ? -1.0f : 1.0f;
			const float Fraction = static_cast<float>(Half & 1023);
			if (Exponent == 31) return Fraction != 0.0f ? NAN : Sign * INFINITY;
			return Exponent == 0 ? Sign * std::ldexp(Fraction, -24) : Sign * std::ldexp(1024.0f + Fraction, Exponent - 25);
		}
	}

	std::vector<float> Shown(const FPlaced& Placed)
	{
		const TSharedPtr<FNeuvolTextures> Textures = Placed->GetPlayer()->GetShownTextures();
		FTextureRHIRef Front;
		ENQUEUE_RENDER_COMMAND(GetFront)([&](FRHICommandListImmediate&) { Front = FTextureRHIRef(Textures->GetFront()); });
		FlushRenderingCommands();
		const TArray<uint8> Bytes = Fake::Read(Front);
		std::vector<float> Values;
		if (Textures->GetTexel() == ENeuvolTexel::Float16)
		{
			for (int32 At = 0; At < Bytes.Num(); At += 2) Values.push_back(FromHalf(static_cast<uint16>(Bytes[At] | Bytes[At + 1] << 8)));
		}
		else
		{
			Values.resize(static_cast<size_t>(Bytes.Num()) / 4);
			std::memcpy(Values.data(), Bytes.GetData(), static_cast<size_t>(Bytes.Num()));
		}
		return Values;
	}

	std::vector<float> Expected(const FPlaced& Placed)
	{
		const FNeuvolFrame& Frame = *Placed->GetPlayer()->GetShown();
		auto Values = Placed->GetPlayer()->GetFile()->GetVolume().decode(Frame.Request());
		if (!Values) std::fprintf(stderr, "%s\n", Values.error().message.c_str());
		EXPECT(Values.ok());
		return std::move(Values).value_or({});
	}

	double Difference(const FPlaced& Placed)
	{
		const std::vector<float> Is = Shown(Placed), Should = Expected(Placed);
		EXPECT(Is.size() == Should.size());
		const FNeuvolVariable Known = Placed->GetVariables()[Placed->GetPlayer()->GetShown()->Variable];
		double Largest = 0.0;
		size_t Missing = 0;
		for (size_t At = 0; At < FMath::Min(Is.size(), Should.size()); ++At)
		{
			if (std::isnan(Is[At]) != std::isnan(Should[At]))
			{
				EXPECT(!"the same values are missing");
				return INFINITY;
			}
			if (std::isnan(Should[At]))
			{
				++Missing;
				continue;
			}
			Largest = FMath::Max(Largest, std::abs(double(Is[At]) - Should[At]) / (Known.ValueMax - Known.ValueMin));
		}
		std::printf("%s step %g level %d: %zu voxels, %zu missing, differ by %.2e of the range at most\n", Text(Known.Name).c_str(),
			Placed->GetPlayer()->GetShown()->Time, Placed->GetPlayer()->GetShown()->Level, Is.size(), Missing, Largest);
		return Largest;
	}
}
