// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "NeuvolTypes.generated.h"

/** Where a component stands. */
UENUM(BlueprintType)
enum class ENeuvolState : uint8
{
	/** Neither an asset nor a file is set. */
	Empty,
	/** The file is being opened, or its first frame decoded. */
	Loading,
	/** A frame is shown; others may be on their way. */
	Ready,
	/** Nothing goes on; the status says why. */
	Failed
};

/** What decodes. */
UENUM(BlueprintType)
enum class ENeuvolBackend : uint8
{
	/** Nothing yet. */
	None,
	/** Compute shaders on the engine's Vulkan device, straight into the texture. */
	VulkanCompute,
	/** The processor; frames are copied to the texture. */
	CpuUpload
};

/** What is shown at a time between two steps. */
UENUM(BlueprintType)
enum class ENeuvolInterpolation : uint8
{
	/** The decoder goes from step to step without jumps. */
	Linear,
	/** The nearest step. */
	Nearest
};

/** What a texel of the volume texture is. */
UENUM(BlueprintType)
enum class ENeuvolTexel : uint8
{
	/** 32-bit floats: the values as they are. */
	Float32,
	/** 16-bit floats: half the memory; values beyond 65504 become infinite. */
	Float16
};

/** How a volume is drawn. */
UENUM(BlueprintType)
enum class ENeuvolRenderMode : uint8
{
	/** Emission and absorption by the transfer function. */
	DirectVolume,
	/** The largest value along each ray. */
	MaximumIntensity,
	/** The surface where the value is IsoValue. */
	Isosurface
};

/** What a file says of one of its variables. */
USTRUCT(BlueprintType)
struct NEUVOL_API FNeuvolVariable
{
	GENERATED_BODY()

	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	FString Name;

	/** As the source states them; empty if it does not. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	FString Units;

	/** Voxels along x, y and z on the finest level. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	FIntVector Size = FIntVector::ZeroValue;

	/** Time steps, at least 1. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	int32 Steps = 1;

	/** Levels of detail; level 0 is the finest. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	int32 Levels = 1;

	/** Quality layers; layer 0 is the best. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	int32 Qualities = 1;

	/** Smallest and largest valid value. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	float ValueMin = 0.0f;

	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	float ValueMax = 0.0f;

	/** Date of the first step, in UTC and the file's calendar; empty if the file has no dates. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	FString FirstDate;

	/** Date of the last step. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	FString LastDate;
};

/** What is at a point of a volume. */
USTRUCT(BlueprintType)
struct NEUVOL_API FNeuvolProbe
{
	GENERATED_BODY()

	/** The value of the voxel at the time that is shown, in Units. */
	UPROPERTY(BlueprintReadOnly, Category = "Neuvol")
	float Value = 0.0f;

	UPROPERTY(BlueprintReadOnly, Category = "Neuvol")
	FString Units;

	/** The voxel on level 0. */
	UPROPERTY(BlueprintReadOnly, Category = "Neuvol")
	FIntVector Voxel = FIntVector::ZeroValue;

	/** Why there is no value: the point is outside, the value is missing, or decoding failed. Empty if there is one. */
	UPROPERTY(BlueprintReadOnly, Category = "Neuvol")
	FText Problem;
};
