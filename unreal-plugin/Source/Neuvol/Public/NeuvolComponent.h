// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Components/PrimitiveComponent.h"
#include "Engine/EngineTypes.h"
#include "NeuvolTypes.h"
#include "NeuvolComponent.generated.h"

class FNeuvolPlayer;
class FNeuvolTransferTexture;
class UCurveLinearColor;
class UNeuvolAsset;
struct FNeuvolAppearance;

/**
 * Plays one variable of a .neuvol file as a volume.
 *
 * The volume fills a box around the component's origin. x points east, z up, and y south (Unreal's axes are left-handed), as far
 * as the file says where its axes point. Nothing waits for anything: what is asked for is shown when it is decoded, the newest
 * request first, and GetStatus says in words what goes on. All functions are for the game thread.
 */
UCLASS(BlueprintType, ClassGroup = (Rendering), meta = (BlueprintSpawnableComponent))
class NEUVOL_API UNeuvolComponent : public UPrimitiveComponent
{
	GENERATED_BODY()

public:
	UNeuvolComponent();

	/** The volume. Leave it empty to play a file by path. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol")
	TObjectPtr<UNeuvolAsset> Asset;

	/** A .neuvol file, absolute or below the project's Content folder; used if there is no asset. Add its folder to "Additional
	 * Non-Asset Directories To Copy" to package it. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol", meta = (FilePathFilter = "neuvol"))
	FFilePath File;

	/** Name of the variable; the first one if empty. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol")
	FString Variable;

	/** Level of detail: 0 is the finest, each further one halves all axes. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol", meta = (ClampMin = "0", ClampMax = "3"))
	int32 Level = 0;

	/** Quality layer: 0 is the best. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol", AdvancedDisplay, meta = (ClampMin = "0", ClampMax = "7"))
	int32 Quality = 0;

	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol", AdvancedDisplay)
	ENeuvolTexel Texel = ENeuvolTexel::Float32;

	/** Milliseconds of the graphics device per frame for decoding; the largest of all components counts. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Neuvol", AdvancedDisplay, meta = (ClampMin = "0.1", ClampMax = "1000"))
	float FrameBudgetMs = 2.0f;

	/** Time that is wanted, in steps, from 0 on; fractions lie between two steps. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Time", meta = (ClampMin = "0"))
	double Time = 0.0;

	/** Play when the game begins. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Time")
	bool bAutoPlay = true;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Neuvol|Time")
	bool bLoop = true;

	/** Steps per second; negative plays backwards. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Neuvol|Time")
	double StepsPerSecond = 2.0;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Neuvol|Time")
	ENeuvolInterpolation Interpolation = ENeuvolInterpolation::Linear;

	/** Colour and opacity over the value range, 0 to 1. Opacity is that of a layer as thick as a tenth of the longest edge. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance")
	TObjectPtr<UCurveLinearColor> TransferFunction;

	/** Values at both ends of the transfer function; the variable's range if both are equal. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance")
	FVector2D ValueRange = FVector2D::ZeroVector;

	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance")
	ENeuvolRenderMode RenderMode = ENeuvolRenderMode::DirectVolume;

	/** The value of the isosurface. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance")
	float IsoValue = 0.0f;

	/** Factor on the opacity. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance", meta = (ClampMin = "0"))
	float Density = 1.0f;

	/** Length of a step along a ray, in voxels. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance", AdvancedDisplay, meta = (ClampMin = "0.25", ClampMax = "8"))
	float StepVoxels = 1.0f;

	/** Light by the gradient of the values, from LightDirection. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance")
	bool bLit = false;

	/** Where the light comes from, in the world. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Appearance")
	FVector LightDirection = FVector(-1.0, -1.0, 2.0);

	/** Length of the box's longest horizontal edge, in Unreal units (cm). */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Shape", meta = (ClampMin = "0.1"))
	double Size = 100.0;

	/** Factor on the height, which for weather and oceans is far smaller than the width. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Neuvol|Shape", meta = (ClampMin = "0.001"))
	double VerticalExaggeration = 1.0;

	/** Opens an asset instead of what is open. */
	UFUNCTION(BlueprintCallable, Category = "Neuvol")
	void SetAsset(UNeuvolAsset* InAsset);

	/** Opens a file instead of what is open. */
	UFUNCTION(BlueprintCallable, Category = "Neuvol")
	void SetFile(const FString& Path);

	UFUNCTION(BlueprintCallable, Category = "Neuvol")
	void SetVariable(const FString& Name);

	UFUNCTION(BlueprintCallable, Category = "Neuvol")
	void SetLevel(int32 InLevel);

	UFUNCTION(BlueprintCallable, Category = "Neuvol|Time")
	void Play();

	UFUNCTION(BlueprintCallable, Category = "Neuvol|Time")
	void Pause();

	UFUNCTION(BlueprintPure, Category = "Neuvol|Time")
	bool IsPlaying() const { return bPlaying; }

	/** Goes to a time in steps; what is outside the file is cut. */
	UFUNCTION(BlueprintCallable, Category = "Neuvol|Time")
	void SetTime(double InTime);

	/** Goes to a date in UTC. False, with nothing done, if the file has no dates or another calendar. */
	UFUNCTION(BlueprintCallable, Category = "Neuvol|Time")
	bool SeekToDate(const FDateTime& Date);

	/** Date of the time that is shown, in UTC. False if the file has no dates, or not in Unreal's (Gregorian) calendar. */
	UFUNCTION(BlueprintPure, Category = "Neuvol|Time")
	bool GetDate(FDateTime& Date) const;

	/** Date of the time that is shown, in any calendar; "step 3.5" if the file has no dates. */
	UFUNCTION(BlueprintPure, Category = "Neuvol|Time")
	FString GetDateText() const;

	/** The time of the frame that is shown, in steps. */
	UFUNCTION(BlueprintPure, Category = "Neuvol|Time")
	double GetShownTime() const;

	/**
	 * The value at a place in the world, at the time that is shown. Decodes on the calling thread what the voxel's block needs:
	 * milliseconds the first time, much less after that. False if there is no value; Problem says why.
	 */
	UFUNCTION(BlueprintCallable, Category = "Neuvol")
	bool ProbeValue(const FVector& WorldLocation, FNeuvolProbe& Probe) const;

	UFUNCTION(BlueprintCallable, Category = "Neuvol|Appearance")
	void SetTransferFunction(UCurveLinearColor* Curve);

	/** Values at both ends of the transfer function. */
	UFUNCTION(BlueprintCallable, Category = "Neuvol|Appearance")
	void SetValueRange(float Min, float Max);

	UFUNCTION(BlueprintCallable, Category = "Neuvol|Appearance")
	void SetRenderMode(ENeuvolRenderMode Mode, float InIsoValue = 0.0f);

	UFUNCTION(BlueprintPure, Category = "Neuvol")
	ENeuvolState GetState() const;

	/** What decodes, once something does. */
	UFUNCTION(BlueprintPure, Category = "Neuvol")
	ENeuvolBackend GetBackend() const;

	/** What goes on, in words: what is shown and what decodes it, or what is wrong and how to cure it. */
	UFUNCTION(BlueprintPure, Category = "Neuvol")
	FText GetStatus() const;

	/** What the open file has; empty if none is open. */
	UFUNCTION(BlueprintPure, Category = "Neuvol")
	TArray<FNeuvolVariable> GetVariables() const;

	/** Edge lengths of the box in Unreal units, without the component's own scale. */
	UFUNCTION(BlueprintPure, Category = "Neuvol|Shape")
	FVector GetBoxSize() const;

	/** For tests and tools: what plays. Null if nothing is open. */
	TSharedPtr<FNeuvolPlayer> GetPlayer() const { return Player; }

	//~ Begin UObject
	virtual void BeginDestroy() override;
	//~ End UObject

	//~ Begin UActorComponent
	virtual void BeginPlay() override;
	virtual void TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction) override;
	//~ End UActorComponent

	//~ Begin UPrimitiveComponent
	virtual FPrimitiveSceneProxy* CreateSceneProxy() override;
	virtual FBoxSphereBounds CalcBounds(const FTransform& LocalToWorld) const override;
	//~ End UPrimitiveComponent

#if WITH_EDITOR
	virtual void PostEditChangeProperty(FPropertyChangedEvent& PropertyChangedEvent) override;
#endif

protected:
	virtual void OnRegister() override;
	virtual void SendRenderDynamicData_Concurrent() override;

private:
	/** Opens what Asset or File names. */
	void Open();
	void Advance(float DeltaTime);
	double WantedTime() const;
	/** What changed is sent to the render thread, and the bounds are computed again. */
	void Refresh();
	void BakeTransferFunction();
	/** What it looks like now, for the render thread. */
	FNeuvolAppearance MakeAppearance() const;
	/** The file that is to be open, in full; empty for an asset. */
	FString GetPath() const;

	TSharedPtr<FNeuvolPlayer> Player;
	TSharedPtr<FNeuvolTransferTexture> Transfer;
	/** What Player plays. */
	TWeakObjectPtr<UNeuvolAsset> OpenedAsset;
	FString OpenedPath;
	FVector KnownBoxSize = FVector::ZeroVector;
	bool bPlaying = false;
};
