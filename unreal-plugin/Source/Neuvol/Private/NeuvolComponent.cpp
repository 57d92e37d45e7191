// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolComponent.h"

#include "Curves/CurveLinearColor.h"
#include "Misc/Paths.h"
#include "NeuvolAsset.h"
#include "NeuvolPlayer.h"
#include "NeuvolSceneProxy.h"
#include "RenderingThread.h"

#define LOCTEXT_NAMESPACE "Neuvol"

namespace
{
	/** The transfer function of a component without one: from a thin blue to a dense white. */
	FLinearColor DefaultColor(float Place)
	{
		const FLinearColor Low(0.02f, 0.08f, 0.35f, 0.0f);
		const FLinearColor Middle(0.1f, 0.6f, 0.7f, 0.25f);
		const FLinearColor High(1.0f, 0.95f, 0.8f, 0.9f);
		return Place < 0.5f ? FMath::Lerp(Low, Middle, Place * 2.0f) : FMath::Lerp(Middle, High, Place * 2.0f - 1.0f);
	}
}

UNeuvolComponent::UNeuvolComponent()
{
	PrimaryComponentTick.bCanEverTick = true;
	// So that a volume is seen in the editor's viewport as it will be.
	bTickInEditor = true;
	CastShadow = false;
	SetCollisionEnabled(ECollisionEnabled::NoCollision);
}

void UNeuvolComponent::OnRegister()
{
	Super::OnRegister();
	BakeTransferFunction();
	// The editor registers a component again whenever one of its properties changes: what is open stays open.
	if (!Player || OpenedAsset.Get() != Asset || OpenedPath != GetPath())
	{
		Open();
	}
}

void UNeuvolComponent::BeginDestroy()
{
	Player.Reset();
	Super::BeginDestroy();
}

void UNeuvolComponent::BeginPlay()
{
	Super::BeginPlay();
	bPlaying = bAutoPlay;
}

void UNeuvolComponent::Open()
{
	Player.Reset();
	OpenedAsset = Asset;
	OpenedPath = GetPath();
	if (Asset)
	{
		Player = MakeShared<FNeuvolPlayer>(*Asset);
	}
	else if (!OpenedPath.IsEmpty())
	{
		Player = MakeShared<FNeuvolPlayer>(OpenedPath);
	}
	Refresh();
}

FString UNeuvolComponent::GetPath() const
{
	const FString& Path = File.FilePath;
	if (Asset || Path.IsEmpty())
	{
		return FString();
	}
	return FPaths::IsRelative(Path) ? FPaths::ConvertRelativePathToFull(FPaths::ProjectContentDir(), Path) : Path;
}

void UNeuvolComponent::SetAsset(UNeuvolAsset* InAsset)
{
	Asset = InAsset;
	Open();
}

void UNeuvolComponent::SetFile(const FString& Path)
{
	Asset = nullptr;
	File.FilePath = Path;
	Open();
}

void UNeuvolComponent::SetVariable(const FString& Name)
{
	Variable = Name;
}

void UNeuvolComponent::SetLevel(int32 InLevel)
{
	Level = InLevel;
}

void UNeuvolComponent::Play()
{
	bPlaying = true;
}

void UNeuvolComponent::Pause()
{
	bPlaying = false;
}

void UNeuvolComponent::SetTime(double InTime)
{
	Time = FMath::IsFinite(InTime) ? FMath::Max(InTime, 0.0) : 0.0;
	const TArray<FNeuvolVariable> Known = GetVariables();
	const int32 Index = Player && Player->GetFile() ? Player->GetFile()->FindVariable(Variable) : INDEX_NONE;
	if (Index != INDEX_NONE)
	{
		Time = FMath::Min(Time, static_cast<double>(Known[Index].Steps - 1));
	}
}

bool UNeuvolComponent::SeekToDate(const FDateTime& Date)
{
	const int32 Index = Player && Player->GetFile() ? Player->GetFile()->FindVariable(Variable) : INDEX_NONE;
	if (Index == INDEX_NONE)
	{
		return false;
	}
	const TOptional<double> Found = Player->GetFile()->FindTime(Index, Date);
	if (Found)
	{
		Time = *Found;
	}
	return Found.IsSet();
}

bool UNeuvolComponent::GetDate(FDateTime& Date) const
{
	if (!Player || !Player->GetShown())
	{
		return false;
	}
	const TOptional<FDateTime> Found = Player->GetFile()->GetUnrealDate(Player->GetShown()->Variable, GetShownTime());
	Date = Found.Get(FDateTime());
	return Found.IsSet();
}

FString UNeuvolComponent::GetDateText() const
{
	if (Player && Player->GetShown())
	{
		const TOptional<neuvol::Date> Date = Player->GetFile()->GetDate(Player->GetShown()->Variable, GetShownTime());
		if (Date)
		{
			return NeuvolString(Date->text());
		}
	}
	return FString::Printf(TEXT("step %g"), GetShownTime());
}

double UNeuvolComponent::GetShownTime() const
{
	return Player && Player->GetShown() ? Player->GetShown()->Time : Time;
}

bool UNeuvolComponent::ProbeValue(const FVector& WorldLocation, FNeuvolProbe& Probe) const
{
	Probe = FNeuvolProbe();
	if (!Player || !Player->GetShown())
	{
		Probe.Problem = GetStatus();
		return false;
	}
	const FNeuvolFile& Opened = *Player->GetFile();
	const FNeuvolFrame& Frame = *Player->GetShown();
	const FNeuvolVariable& Known = Opened.GetVariables()[Frame.Variable];
	const FVector Local = GetComponentTransform().InverseTransformPosition(WorldLocation);
	const FVector Box = GetBoxSize();
	std::array<uint32, 3> Voxel{};
	for (int32 Axis = 0; Axis < 3; ++Axis)
	{
		const double Place = Local[Axis] / Box[Axis] + 0.5;
		const double Along = Opened.GetShape(Frame.Variable).bIsReversed[Axis] ? 1.0 - Place : Place;
		if (Along < 0.0 || Along >= 1.0)
		{
			Probe.Problem = LOCTEXT("Outside", "The point is outside of the volume.");
			return false;
		}
		Voxel[Axis] = static_cast<uint32>(Along * Known.Size[Axis]);
	}
	Probe.Voxel = FIntVector(static_cast<int32>(Voxel[0]), static_cast<int32>(Voxel[1]), static_cast<int32>(Voxel[2]));
	Probe.Units = Known.Units;
	const neuvol::Result<float> Value = Opened.GetVolume().probe(static_cast<uint32>(Frame.Variable), Frame.Time, Voxel);
	if (!Value)
	{
		Probe.Problem = NeuvolText(Value.error().message);
		return false;
	}
	if (FMath::IsNaN(*Value))
	{
		Probe.Problem = LOCTEXT("Missing", "There is no value at this point.");
		return false;
	}
	Probe.Value = *Value;
	return true;
}

void UNeuvolComponent::SetTransferFunction(UCurveLinearColor* Curve)
{
	TransferFunction = Curve;
	BakeTransferFunction();
	MarkRenderDynamicDataDirty();
}

void UNeuvolComponent::SetValueRange(float Min, float Max)
{
	ValueRange = FVector2D(Min, Max);
	MarkRenderDynamicDataDirty();
}

void UNeuvolComponent::SetRenderMode(ENeuvolRenderMode Mode, float InIsoValue)
{
	RenderMode = Mode;
	IsoValue = InIsoValue;
	MarkRenderDynamicDataDirty();
}

ENeuvolState UNeuvolComponent::GetState() const
{
	return Player ? Player->GetState() : ENeuvolState::Empty;
}

ENeuvolBackend UNeuvolComponent::GetBackend() const
{
	return Player ? Player->GetBackend() : ENeuvolBackend::None;
}

FText UNeuvolComponent::GetStatus() const
{
	return Player ? Player->GetStatus() : LOCTEXT("Empty", "Nothing to show: set an asset or a file.");
}

TArray<FNeuvolVariable> UNeuvolComponent::GetVariables() const
{
	return Player && Player->GetFile() ? Player->GetFile()->GetVariables() : TArray<FNeuvolVariable>();
}

FVector UNeuvolComponent::GetBoxSize() const
{
	const int32 Index = Player && Player->GetFile() ? Player->GetFile()->FindVariable(Variable) : INDEX_NONE;
	const FVector Metres = Index != INDEX_NONE ? Player->GetFile()->GetShape(Index).Metres : FVector::OneVector;
	return Metres * FVector(1.0, 1.0, VerticalExaggeration) * (Size / FMath::Max(Metres.X, Metres.Y));
}

void UNeuvolComponent::TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction)
{
	Super::TickComponent(DeltaTime, TickType, ThisTickFunction);
	if (!Player)
	{
		return;
	}
	Advance(DeltaTime);
	FNeuvolWish Wish;
	Wish.Variable = Variable;
	Wish.Level = Level;
	Wish.Quality = Quality;
	Wish.Texel = Texel;
	Wish.Time = WantedTime();
	Wish.Velocity = bPlaying ? StepsPerSecond : 0.0;
	Wish.BudgetMs = FrameBudgetMs;
	const TSharedPtr<FNeuvolTextures> Before = Player->GetShownTextures();
	Player->Tick(Wish);
	if (Before != Player->GetShownTextures() || !KnownBoxSize.Equals(GetBoxSize()))
	{
		Refresh();
	}
}

void UNeuvolComponent::Advance(float DeltaTime)
{
	const int32 Index = Player->GetFile() ? Player->GetFile()->FindVariable(Variable) : INDEX_NONE;
	if (!bPlaying || Index == INDEX_NONE || !Player->GetShown())
	{
		return;
	}
	const double Last = static_cast<double>(Player->GetFile()->GetVariables()[Index].Steps - 1);
	Time += DeltaTime * StepsPerSecond;
	if (Time >= 0.0 && Time <= Last)
	{
		return;
	}
	if (bLoop && Last > 0.0)
	{
		// The last step and the first one are two: from one to the other it jumps.
		Time = FMath::Fmod(Time, Last);
		Time += Time < 0.0 ? Last : 0.0;
	}
	else
	{
		Time = FMath::Clamp(Time, 0.0, Last);
		bPlaying = false;
	}
}

double UNeuvolComponent::WantedTime() const
{
	return Interpolation == ENeuvolInterpolation::Nearest ? FMath::RoundToDouble(Time) : Time;
}

void UNeuvolComponent::Refresh()
{
	KnownBoxSize = GetBoxSize();
	UpdateBounds();
	MarkRenderTransformDirty();
	MarkRenderDynamicDataDirty();
}

void UNeuvolComponent::BakeTransferFunction()
{
	TArray<FFloat16Color> Texels;
	for (int32 Place = 0; Place < FNeuvolTransferTexture::Width; ++Place)
	{
		const float At = static_cast<float>(Place) / (FNeuvolTransferTexture::Width - 1);
		FLinearColor Color = TransferFunction ? TransferFunction->GetLinearColorValue(At) : DefaultColor(At);
		Color.A = FMath::Clamp(Color.A, 0.0f, 1.0f);
		Texels.Add(FFloat16Color(Color));
	}
	Transfer = MakeShared<FNeuvolTransferTexture>(MoveTemp(Texels));
}

FPrimitiveSceneProxy* UNeuvolComponent::CreateSceneProxy()
{
	FNeuvolSceneProxy* Proxy = new FNeuvolSceneProxy(this);
	Proxy->SetAppearance(MakeAppearance());
	return Proxy;
}

FBoxSphereBounds UNeuvolComponent::CalcBounds(const FTransform& LocalToWorld) const
{
	const FVector Half = GetBoxSize() * 0.5;
	return FBoxSphereBounds(FBox(-Half, Half)).TransformBy(LocalToWorld);
}

void UNeuvolComponent::SendRenderDynamicData_Concurrent()
{
	Super::SendRenderDynamicData_Concurrent();
	if (SceneProxy != nullptr)
	{
		ENQUEUE_RENDER_COMMAND(NeuvolAppearance)
		([Proxy = static_cast<FNeuvolSceneProxy*>(SceneProxy), Looks = MakeAppearance()](FRHICommandListImmediate&)
		{
			Proxy->SetAppearance(Looks);
		});
	}
}

FNeuvolAppearance UNeuvolComponent::MakeAppearance() const
{
	FNeuvolAppearance Looks;
	Looks.Transfer = Transfer;
	Looks.Edges = FVector3f(GetBoxSize());
	Looks.Mode = RenderMode;
	Looks.IsoValue = IsoValue;
	Looks.Density = Density;
	Looks.StepVoxels = FMath::Max(StepVoxels, 0.25f);
	Looks.bLit = bLit;
	Looks.ToLight = FVector3f(LightDirection.GetSafeNormal(UE_SMALL_NUMBER, FVector::UpVector));
	if (Player && Player->GetShown())
	{
		const int32 Index = Player->GetShown()->Variable;
		const FNeuvolVariable& Known = Player->GetFile()->GetVariables()[Index];
		Looks.Textures = Player->GetShownTextures();
		FMemory::Memcpy(Looks.bIsReversed, Player->GetFile()->GetShape(Index).bIsReversed, sizeof(Looks.bIsReversed));
		const bool bIsAutomatic = ValueRange.X == ValueRange.Y;
		Looks.ValueMin = bIsAutomatic ? Known.ValueMin : static_cast<float>(ValueRange.X);
		Looks.ValueMax = bIsAutomatic ? Known.ValueMax : static_cast<float>(ValueRange.Y);
	}
	return Looks;
}

#if WITH_EDITOR
void UNeuvolComponent::PostEditChangeProperty(FPropertyChangedEvent& PropertyChangedEvent)
{
	Super::PostEditChangeProperty(PropertyChangedEvent);
	BakeTransferFunction();
	Refresh();
}
#endif

#undef LOCTEXT_NAMESPACE
