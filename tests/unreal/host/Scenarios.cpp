// What users do, step by step.
#include "Checks.h"

#include "AssetRegistry/AssetData.h"
#include "Curves/CurveLinearColor.h"
#include "Misc/FeedbackContext.h"
#include "Misc/Paths.h"
#include "NeuvolActor.h"
#include "NeuvolActorFactory.h"
#include "NeuvolAsset.h"
#include "NeuvolAssetDefinition.h"
#include "NeuvolAssetFactory.h"
#include "NeuvolModule.h"
#include "NeuvolVulkan.h"
#include "RenderingThread.h"
#include "Serialization/Archive.h"

#include <cmath>
#include <cstring>

namespace Scenarios
{
	namespace
	{
		constexpr double Exact = 1e-5;
		/** Halves of about 300, of a range of 60: a unit in their last place. */
		constexpr double Half = 4.3e-3;

		/** A file in the content folder: load, scrub, levels, formats, variables. On any RHI. */
		void Load(ENeuvolBackend Backend)
		{
			FPlaced Placed;
			EXPECT(Placed->GetState() == ENeuvolState::Empty);
			EXPECT(Contains(Text(Placed->GetStatus()), "set an asset or a file"));
			Placed->SetFile(TEXT("theta.neuvol"));
			EXPECT(Placed->GetState() == ENeuvolState::Loading);
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Ready);
			EXPECT(Placed->GetBackend() == Backend);
			EXPECT(Contains(Text(Placed->GetStatus()), "Shows theta at 2020-01-01 00:00:00 UTC, level 0."));
			EXPECT(Difference(Placed) < Exact);
			if (Backend == ENeuvolBackend::VulkanCompute)
			{
				const auto Decodes = FNeuvolModule::Get()->GetVulkan()->GetContext().backend();
				EXPECT(Decodes && Decodes->kind == NEUVOL_BACKEND_VULKAN && !Decodes->text.empty());
				const auto Done = FNeuvolModule::Get()->GetVulkan()->GetContext().stats();
				EXPECT(Done && Done->blocks_decoded >= 12 && Done->frames > 0);
			}

			// As the editor does after each change of a property: what is shown stays.
			const TSharedPtr<FNeuvolPlayer> Player = Placed->GetPlayer();
			Placed->UnregisterComponent();
			Placed->RegisterComponent();
			Fake::Frame();
			EXPECT(Placed->GetPlayer() == Player && Fake::GetDrawn().size() == 1);
			Placed->File.FilePath = TEXT("copy.neuvol");
			Placed->UnregisterComponent();
			Placed->RegisterComponent();
			EXPECT(!(Placed->GetPlayer() == Player));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Ready);

			// One block per frame: many frames write to one texture.
			Placed->FrameBudgetMs = 0.001f;
			for (const double Time : {4.0, 1.5, 2.999, 0.0, 3.0})
			{
				Placed->SetTime(Time);
				Settle(Placed);
				EXPECT(Placed->GetShownTime() == Time);
				EXPECT(Difference(Placed) < Exact);
			}
			Placed->FrameBudgetMs = 2.0f;
			Placed->SetTime(1e9);
			Settle(Placed);
			EXPECT(Placed->GetShownTime() == 4.0);

			for (const int32 Level : {1, 2, 7, 0})
			{
				Placed->SetLevel(Level);
				Settle(Placed);
				EXPECT(Placed->GetPlayer()->GetShown()->Level == FMath::Min(Level, 2));
				EXPECT(Difference(Placed) < Exact);
			}

			Placed->Texel = ENeuvolTexel::Float16;
			Settle(Placed);
			EXPECT(Difference(Placed) < Half);
			Placed->Texel = ENeuvolTexel::Float32;

			Placed->SetVariable(TEXT("soil"));
			Settle(Placed);
			EXPECT(Difference(Placed) < Exact);
			EXPECT(Text(Placed->GetDateText()) == "step 0");
			EXPECT(Fake::TakeComplaints().empty());

			Placed->SetVariable(TEXT("no such"));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Failed);
			EXPECT(Contains(Text(Placed->GetStatus()), "has no variable \"no such\"; it has theta, soil, void."));
			EXPECT(Fake::TakeComplaints().size() == 1);
			Placed->SetVariable(TEXT("theta"));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Ready);
			EXPECT(Difference(Placed) < Exact);
		}

		void Dates()
		{
			FPlaced Placed;
			FDateTime Date;
			EXPECT(!Placed->GetDate(Date) && !Placed->SeekToDate(FDateTime(2020, 1, 1)));
			Placed->SetFile(TEXT("theta.neuvol"));
			Settle(Placed);
			EXPECT(Placed->GetDate(Date) && Date == FDateTime(2020, 1, 1));
			// Steps are three hours apart.
			EXPECT(Placed->SeekToDate(FDateTime(2020, 1, 1, 4, 30)));
			Settle(Placed);
			EXPECT(std::abs(Placed->GetShownTime() - 1.5) < 1e-9);
			EXPECT(Placed->GetDate(Date) && Date == FDateTime(2020, 1, 1, 4, 30));
			EXPECT(Text(Placed->GetDateText()) == "2020-01-01 04:30:00");
			EXPECT(Placed->SeekToDate(FDateTime(1999, 1, 1)) && Placed->Time == 0.0);
			EXPECT(Placed->SeekToDate(FDateTime(2077, 1, 1)) && Placed->Time == 4.0);
			const FNeuvolVariable Known = Placed->GetVariables()[0];
			EXPECT(Text(Known.FirstDate) == "2020-01-01 00:00:00" && Text(Known.LastDate) == "2020-01-01 12:00:00");
			EXPECT(Known.Steps == 5 && Known.Levels == 3 && Known.Qualities == 2 && Text(Known.Units) == "K");
			EXPECT(Known.Size == FIntVector(37, 20, 18));
		}

		void Playing()
		{
			FPlaced Placed;
			Placed->SetFile(TEXT("theta.neuvol"));
			Placed->BeginPlay();
			EXPECT(Placed->IsPlaying());
			Settle(Placed);
			Placed->StepsPerSecond = 30.0;
			double Before = Placed->GetShownTime();
			int Wraps = 0, Changes = 0;
			EXPECT(FramesUntil([&]
			{
				const double Now = Placed->GetShownTime();
				EXPECT(Now >= 0.0 && Now <= 4.0);
				Wraps += Now < Before;
				Changes += Now != Before;
				Before = Now;
				return Wraps >= 3 && Changes > 20;
			}));
			Placed->bLoop = false;
			EXPECT(FramesUntil([&] { return !Placed->IsPlaying(); }));
			Settle(Placed);
			EXPECT(Placed->GetShownTime() == 4.0 && Difference(Placed) < Exact);
			Placed->StepsPerSecond = -30.0;
			Placed->Play();
			EXPECT(FramesUntil([&] { return !Placed->IsPlaying(); }));
			Settle(Placed);
			EXPECT(Placed->GetShownTime() == 0.0);

			Placed->Interpolation = ENeuvolInterpolation::Nearest;
			Placed->SetTime(2.6);
			Settle(Placed);
			EXPECT(Placed->GetShownTime() == 3.0 && Difference(Placed) < Exact);
			Placed->Play();
			Placed->Pause();
			const double Held = Placed->Time;
			Fake::Frame(1.0f);
			EXPECT(Placed->Time == Held && !Placed->IsPlaying());
		}

		void Probing()
		{
			FPlaced Placed;
			FNeuvolProbe Probe;
			EXPECT(!Placed->ProbeValue(FVector(), Probe) && !Probe.Problem.IsEmpty());
			Placed->SetFile(TEXT("theta.neuvol"));
			Placed->SetTime(2.25);
			Placed->FakeTransform = FTransform(FVector(1000, -200, 30));
			Settle(Placed);
			const std::vector<float> Values = Expected(Placed);
			const FVector Box = Placed->GetBoxSize();
			EXPECT(std::abs(Box.X - 100.0) < 1e-9);
			int Found = 0, Missing = 0;
			for (int32 Z = 0; Z < 18; Z += 3)
			{
				for (int32 Y = 0; Y < 20; Y += 3)
				{
					for (int32 X = 0; X < 37; X += 5)
					{
						// x east; y south, so against the latitudes; z up.
						const FVector Place((X + 0.5) / 37 - 0.5, 0.5 - (Y + 0.5) / 20, (Z + 0.5) / 18 - 0.5);
						const bool bHas = Placed->ProbeValue(Place * Box + FVector(1000, -200, 30), Probe);
						const float Wanted = Values[static_cast<size_t>(X + 37 * (Y + 20 * Z))];
						EXPECT(Probe.Voxel == FIntVector(X, Y, Z));
						EXPECT(bHas != std::isnan(Wanted));
						EXPECT(!bHas || (std::abs(Probe.Value - Wanted) < 1e-3 && Text(Probe.Units) == "K" && Probe.Problem.IsEmpty()));
						EXPECT(bHas || Contains(Text(Probe.Problem), "no value"));
						Found += bHas;
						Missing += !bHas;
					}
				}
			}
			EXPECT(Found > 100 && Missing > 10);
			EXPECT(!Placed->ProbeValue(FVector(1000, -200, 300), Probe) && Contains(Text(Probe.Problem), "outside"));
		}

		/** Perspective with the far plane at infinity, and depth 1 at the near plane, as Unreal has it. */
		FMatrix Projection(double Near)
		{
			FMatrix Made;
			Made.M[0][0] = 1.0;
			Made.M[1][1] = 16.0 / 9.0;
			Made.M[2][2] = 0.0;
			Made.M[2][3] = 1.0;
			Made.M[3][2] = Near;
			Made.M[3][3] = 0.0;
			return Made;
		}

		void Drawing()
		{
			// From x = -500 along x: Unreal's view space has x right, y up, z forward.
			FMatrix View;
			const double Rows[4][4] = {{0, 0, 1, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 500, 1}};
			std::memcpy(View.M, Rows, sizeof Rows);
			Fake::SetView(View, Projection(10.0));

			FPlaced Near, Far;
			Near->SetFile(TEXT("theta.neuvol"));
			Far->SetFile(TEXT("theta.neuvol"));
			Far->FakeTransform = FTransform(FVector(5000, 0, 0));
			Fake::Frame();
			EXPECT(Fake::GetDrawn().empty());
			Settle(Near);
			Settle(Far);
			Near->SetValueRange(270.0f, 290.0f);
			Fake::Frame();
			const std::vector<Fake::FDrawn> Drawn = Fake::GetDrawn();
			EXPECT(Drawn.size() == 2);
			if (Drawn.size() != 2) return;
			// The far one first.
			const Fake::FDrawn& What = Drawn[1];
			const FVector Box = Near->GetBoxSize();
			EXPECT(std::abs(What.EyeInBox.X - (-500 / Box.X + 0.5)) < 1e-4 && std::abs(Drawn[0].EyeInBox.X - (-5500 / Box.X + 0.5)) < 1e-3);
			EXPECT(What.EyeInBox.Equals(FVector3f(What.EyeInBox.X, 0.5f, 0.5f)));
			EXPECT(What.VolumeSize.Equals(FVector3f(37, 20, 18)) && What.Edges.Equals(FVector3f(Box), 1e-3f));
			// Latitudes rise northwards, and y points south.
			EXPECT(What.TextureScale.Equals(FVector3f(1, -1, 1)) && What.TextureOffset.Equals(FVector3f(0, 1, 0)));
			EXPECT(What.ValueRange.X == 270.0f && std::abs(What.ValueRange.Y - 0.05f) < 1e-6f);
			EXPECT(What.Transfer != nullptr && What.Target != nullptr && What.Depth != nullptr && What.Viewport.Width() == 640);
			// The middle of the box is in the middle of the view, 500 away.
			const FMatrix44f& Clip = What.ClipToBox;
			const float Depth = 10.0f / 500.0f;
			float Place[4];
			for (int C = 0; C < 4; ++C) Place[C] = Depth * Clip.M[2][C] + Clip.M[3][C];
			EXPECT(FVector3f(Place[0] / Place[3], Place[1] / Place[3], Place[2] / Place[3]).Equals(FVector3f(0.5f, 0.5f, 0.5f), 1e-3f));

			// The bounds are those of the box, where it is.
			EXPECT(Far->Bounds.Origin.Equals(FVector(5000, 0, 0)) && Far->Bounds.BoxExtent.Equals(Box * 0.5));
			Near->VerticalExaggeration = 3.0;
			Fake::Frame();
			EXPECT(std::abs(Near->Bounds.BoxExtent.Z - 1.5 * Box.Z) < 1e-6);

			Fake::SeeAnotherScene(true);
			Fake::Frame();
			EXPECT(Fake::GetDrawn().empty());
			Fake::SeeAnotherScene(false);
		}

		void TransferFunction()
		{
			FPlaced Placed;
			UCurveLinearColor* Curve = NewObject<UCurveLinearColor>();
			Curve->FakeCurve = [](float At) { return FLinearColor(At, 1.0f - At, 0.25f, 7.0f * At); };
			Placed->SetTransferFunction(Curve);
			Placed->SetFile(TEXT("theta.neuvol"));
			Settle(Placed);
			const std::vector<Fake::FDrawn> Drawn = Fake::GetDrawn();
			EXPECT(Drawn.size() == 1);
			if (Drawn.size() == 1)
			{
				const TArray<uint8> Bytes = Fake::Read(Drawn[0].Transfer);
				uint16 Texels[4096];
				EXPECT(Bytes.Num() == sizeof Texels);
				std::memcpy(Texels, Bytes.GetData(), sizeof Texels);
				const auto Is = [](uint16 Texel, float Wanted) { return std::abs(Texel - FFloat16(Wanted).Encoded) <= 1; };
				EXPECT(Is(Texels[0], 0.0f) && Is(Texels[1], 1.0f) && Is(Texels[2], 0.25f) && Is(Texels[3], 0.0f));
				EXPECT(Is(Texels[4 * 1023], 1.0f) && Is(Texels[4 * 1023 + 1], 0.0f) && Is(Texels[4 * 1023 + 3], 1.0f));
				EXPECT(Is(Texels[4 * 512], 512.0f / 1023.0f));
			}
			delete Curve;
		}

		/** Everything goes at the worst time. */
		void Leaving()
		{
			for (int Frames = 0; Frames < 24; ++Frames)
			{
				FPlaced Placed;
				Placed->SetFile(TEXT("theta.neuvol"));
				for (int N = 0; N < Frames; ++N)
				{
					Placed->SetTime(0.37 * N);
					Placed->SetLevel(N % 5 == 4 ? 1 : 0);
					Fake::Frame();
				}
			}
			FPlaced Kept;
			Kept->SetFile(TEXT("theta.neuvol"));
			for (int N = 0; N < 60; ++N)
			{
				Kept->SetTime(0.05 * N);
				if (N % 20 == 19) Kept->SetFile(TEXT("theta.neuvol"));
				Fake::Frame();
			}
			Settle(Kept);
			EXPECT(Difference(Kept) < Exact);
		}

		void WrongFiles()
		{
			FPlaced Placed;
			Placed->SetFile(TEXT("wrong.neuvol"));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Failed && Placed->GetVariables().IsEmpty());
			EXPECT(Contains(Text(Placed->GetStatus()), "wrong.neuvol cannot be opened: NEUVOL_ERROR_"));
			Placed->SetFile(TEXT("/no/such/file.neuvol"));
			Settle(Placed);
			EXPECT(Contains(Text(Placed->GetStatus()), "/no/such/file.neuvol cannot be opened: NEUVOL_ERROR_IO"));
			// A file that opens, with a block that is damaged.
			Placed->SetFile(TEXT("damaged.neuvol"));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Failed);
			EXPECT(Contains(Text(Placed->GetStatus()), "NEUVOL_ERROR_CHECKSUM"));
			EXPECT(Fake::TakeComplaints().size() == 3);
			Placed->SetFile(TEXT("theta.neuvol"));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Ready && Difference(Placed) < Exact);
			GMaxVolumeTextureDimensions = 32;
			Placed->SetTime(1.0);
			Placed->Texel = ENeuvolTexel::Float16;
			Settle(Placed);
			EXPECT(Contains(Text(Placed->GetStatus()), "37 voxels along its longest axis, and volume textures of this device 32"));
			EXPECT(Fake::TakeComplaints().size() == 1);
			Placed->SetLevel(1);
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Ready && Difference(Placed) < Half);
			GMaxVolumeTextureDimensions = 2048;
		}

		/** An archive in memory. */
		class FMemoryArchive : public FArchive
		{
		public:
			explicit FMemoryArchive(std::vector<uint8>& InBytes, bool bInLoads) : Bytes(InBytes), bLoads(bInLoads) {}
			virtual void Serialize(void* Data, int64 Count) override
			{
				if (bLoads)
				{
					if (At + size_t(Count) > Bytes.size())
					{
						SetError();
						return;
					}
					std::memcpy(Data, Bytes.data() + At, size_t(Count));
				}
				else
				{
					Bytes.resize(At + size_t(Count));
					std::memcpy(Bytes.data() + At, Data, size_t(Count));
				}
				At += size_t(Count);
			}
			virtual int64 TotalSize() override { return int64(Bytes.size()); }
			virtual int64 Tell() override { return int64(At); }
			virtual bool IsLoading() const override { return bLoads; }

		private:
			std::vector<uint8>& Bytes;
			bool bLoads;
			size_t At = 0;
		};

		/** Import, save, load, drag into a level. */
		void Assets()
		{
			UNeuvolAssetFactory Factory;
			EXPECT(Factory.SupportedClass == UNeuvolAsset::StaticClass() && Text(Factory.Formats[0]) == "neuvol;Neuvol volume");
			FFeedbackContext Warn;
			bool bIsCanceled = true;
			const FString Content = FPaths::ProjectContentDir();
			const auto Import = [&](const TCHAR* Name)
			{
				return Cast<UNeuvolAsset>(Factory.FactoryCreateFile(UNeuvolAsset::StaticClass(), nullptr, TEXT("Theta"), RF_Public,
					FPaths::Combine(Content, Name), nullptr, &Warn, bIsCanceled));
			};
			EXPECT(Import(TEXT("wrong.neuvol")) == nullptr && Import(TEXT("missing.neuvol")) == nullptr);
			const std::vector<std::string> Complaints = Fake::TakeComplaints();
			EXPECT(Complaints.size() == 2 && Contains(Complaints[0], "wrong.neuvol cannot be opened") && Contains(Complaints[1], "cannot be read"));
			UNeuvolAsset* Asset = Import(TEXT("theta.neuvol"));
			EXPECT(Asset != nullptr && !bIsCanceled && Asset->Variables.Num() == 3 && Asset->FileBytes > 1000);

			std::vector<uint8> Saved;
			FMemoryArchive Out(Saved, false);
			Asset->Serialize(Out);
			EXPECT(int64(Saved.size()) == Asset->FileBytes + 12);
			UNeuvolAsset* Loaded = NewObject<UNeuvolAsset>();
			FMemoryArchive In(Saved, true);
			Loaded->Serialize(In);
			EXPECT(!In.IsError());
			std::vector<uint8> Cut(Saved.begin(), Saved.begin() + 100);
			FMemoryArchive Short(Cut, true);
			UNeuvolAsset* Broken = NewObject<UNeuvolAsset>();
			Broken->Serialize(Short);
			EXPECT(Short.IsError());

			UNeuvolActorFactory Drag;
			FText Why;
			EXPECT(Drag.CanCreateActorFrom(FAssetData(Loaded), Why) && !Drag.CanCreateActorFrom(FAssetData(&Factory), Why));
			EXPECT(Contains(Text(Why), "Neuvol volume"));
			ANeuvolActor* Actor = NewObject<ANeuvolActor>();
			EXPECT(Drag.NewActorClass == ANeuvolActor::StaticClass() && Actor->RootComponent == Actor->Volume);
			Actor->Volume->RegisterComponent();
			Drag.PostSpawnActor(Loaded, Actor);
			EXPECT(Actor->Volume->Asset == Loaded);
			Fake::Tick(Actor->Volume);
			EXPECT(FramesUntil([&] { return Actor->Volume->GetState() == ENeuvolState::Ready; }));
			// The asset goes first: what is open has its bytes.
			delete Loaded;
			Actor->Volume->SetTime(3.5);
			EXPECT(FramesUntil([&] { return Actor->Volume->GetShownTime() == 3.5; }));
			Fake::Forget(Actor->Volume);
			Actor->Volume->UnregisterComponent();
			Actor->Volume->BeginDestroy();
			FPlaced Empty;
			Empty->SetAsset(Broken);
			EXPECT(Contains(Text(Empty->GetStatus()), "is empty: import a .neuvol file again"));
			EXPECT(Fake::TakeComplaints().size() == 1);
			const UNeuvolAssetDefinition Definition;
			EXPECT(Definition.GetAssetClass().Get() == UNeuvolAsset::StaticClass() && Definition.GetAssetCategories().Num() == 1);
			Empty->SetAsset(nullptr);
			delete static_cast<UNeuvolComponent*>(Actor->Volume);
			delete Actor;
			delete Asset;
			delete Broken;
		}

		/** The engine ends while a volume plays, and objects outlive the modules. */
		void Ending()
		{
			FPlaced Placed;
			Placed->SetFile(TEXT("theta.neuvol"));
			Settle(Placed);
			Placed->SetTime(2.5);
			Fake::Frame();
			Fake::PreExit();
			// Whatever was on its way is given up, and the processor goes on.
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Ready && Placed->GetBackend() == ENeuvolBackend::CpuUpload);
			EXPECT(Contains(Text(Placed->GetStatus()), "the engine is shutting down"));
			EXPECT(Difference(Placed) < Exact);
		}

		void Extensions()
		{
			const std::vector<std::string> Names = Fake::GetRequestedExtensions();
			EXPECT(Names.size() == 2 && Names[0] == "VK_KHR_external_memory_fd" && Names[1] == "VK_KHR_external_semaphore_fd");
		}

		/** The RHI does not store to 16-bit images: the plugin says so, and what would cure it. */
		void NoHalf()
		{
			FPlaced Placed;
			Placed->Texel = ENeuvolTexel::Float16;
			Placed->SetFile(TEXT("theta.neuvol"));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Failed);
			EXPECT(Contains(Text(Placed->GetStatus()), "choose 32-bit floats as the texel. (NEUVOL_ERROR_NO_VULKAN"));
			EXPECT(Fake::TakeComplaints().size() == 1);
			Placed->Texel = ENeuvolTexel::Float32;
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Ready && Difference(Placed) < Exact);
		}

		void NoLibrary()
		{
			const std::vector<std::string> Complaints = Fake::TakeComplaints();
			EXPECT(Complaints.size() == 1 && Contains(Complaints[0], "libneuvol.so cannot be loaded"));
			FPlaced Placed;
			Placed->SetFile(TEXT("theta.neuvol"));
			Settle(Placed);
			EXPECT(Placed->GetState() == ENeuvolState::Failed);
			EXPECT(Contains(Text(Placed->GetStatus()), "Install the packaged plugin"));
			EXPECT(Fake::TakeComplaints().size() == 1);
		}

		void Everything(ENeuvolBackend Backend)
		{
			Load(Backend);
			Dates();
			Playing();
			Probing();
			Drawing();
			TransferFunction();
			WrongFiles();
			Assets();
			Leaving();
		}

		void Vulkan()
		{
			Extensions();
			Everything(ENeuvolBackend::VulkanCompute);
			Ending();
		}

		void Other()
		{
			Everything(ENeuvolBackend::CpuUpload);
			FPlaced Placed;
			Placed->SetFile(TEXT("theta.neuvol"));
			Settle(Placed);
			EXPECT(Contains(Text(Placed->GetStatus()),
				"Decoded on the processor: decoding on the graphics device needs Vulkan, and the RHI is D3D12."));
		}
	}

	const std::vector<FScenario>& All()
	{
		static const std::vector<FScenario> Made = {
			{"vulkan", Fake::EKind::Vulkan, Vulkan},
			{"other", Fake::EKind::Other, Other},
			{"no-half", Fake::EKind::Vulkan, NoHalf, false},
			{"no-library", Fake::EKind::Other, NoLibrary},
		};
		return Made;
	}
}
