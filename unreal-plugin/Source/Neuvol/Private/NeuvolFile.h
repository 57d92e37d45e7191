// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "NeuvolNative.h"
#include "NeuvolTypes.h"

/** How the box of a variable lies in the world. */
struct FNeuvolShape
{
	/** Edges east, south and up, in metres; all 1 per voxel where the file does not say. */
	FVector Metres = FVector::OneVector;
	/** Whether the texture's axes x, y, z run against the box's, which are east, south and up. */
	bool bIsReversed[3] = {false, false, false};
};

/**
 * An open file, and what it says of itself. Does not change; any thread. What decodes holds it, so that it is closed when nobody
 * needs it any more.
 */
class FNeuvolFile
{
public:
	/** Opens a file by its path. Null, with the reason, if that cannot be done. Reads the disk. */
	static TSharedPtr<FNeuvolFile> OpenPath(const neuvol::Api& Api, const FString& Path, FText& OutError);

	/** Opens bytes in memory; Name is for messages. */
	static TSharedPtr<FNeuvolFile> OpenBytes(const neuvol::Api& Api, const TSharedRef<TArray64<uint8>>& Bytes, const FString& Name,
		FText& OutError);

	const neuvol::Volume& GetVolume() const { return Volume; }
	const FString& GetName() const { return Name; }
	const TArray<FNeuvolVariable>& GetVariables() const { return Variables; }

	/** Number of a variable, of the first one if the name is empty; INDEX_NONE if there is none of that name. */
	int32 FindVariable(const FString& VariableName) const;

	/** The date of a time in steps, or nothing if the variable has no dates. */
	TOptional<neuvol::Date> GetDate(int32 Variable, double Time) const;

	/** The time in steps of a date; between two steps, and cut at both ends. Nothing without dates in Unreal's calendar. */
	TOptional<double> FindTime(int32 Variable, const FDateTime& Date) const;

	/** Unreal's date; nothing if the calendar is another one. */
	TOptional<FDateTime> GetUnrealDate(int32 Variable, double Time) const;

	const FNeuvolShape& GetShape(int32 Variable) const { return Shapes[Variable]; }

private:
	struct FTimes
	{
		TOptional<neuvol::TimeAxis> Axis;
		std::vector<double> Values;
	};

	static TSharedPtr<FNeuvolFile> Read(neuvol::Result<neuvol::Volume>&& Opened, const FString& Name,
		const TSharedPtr<TArray64<uint8>>& Bytes, FText& OutError);
	bool ReadVariable(uint32 Index, FText& OutError);
	FTimes ReadTimes(const neuvol::VariableInfo& Info) const;
	FNeuvolShape ReadShape(const neuvol::VariableInfo& Info) const;
	/** A coordinate along a dimension with one value per voxel or step; nothing if there is none. */
	TOptional<neuvol::Coordinate> FindCoordinate(const std::string& Dimension, uint64 Count) const;
	/** Text of an attribute of a coordinate, in the metadata; empty if it is not there. */
	FString GetAttribute(const FString& Coordinate, const FString& Attribute) const;

	// Before the volume, which borrows them: members go in reverse.
	TSharedPtr<TArray64<uint8>> Bytes;
	neuvol::Volume Volume;
	FString Name;
	TSharedPtr<class FJsonObject> Metadata;
	TArray<FNeuvolVariable> Variables;
	TArray<FTimes> Times;
	TArray<FNeuvolShape> Shapes;
};
