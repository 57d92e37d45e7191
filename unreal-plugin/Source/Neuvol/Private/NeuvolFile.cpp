// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolFile.h"

#include "Dom/JsonObject.h"
#include "Dom/JsonValue.h"
#include "Serialization/JsonReader.h"
#include "Serialization/JsonSerializer.h"

#define LOCTEXT_NAMESPACE "Neuvol"

TSharedPtr<FNeuvolFile> FNeuvolFile::OpenPath(const neuvol::Api& Api, const FString& Path, FText& OutError)
{
	const FTCHARToUTF8 Utf8(*Path);
	return Read(neuvol::Volume::open_file(Api, std::string_view(Utf8.Get(), static_cast<size_t>(Utf8.Length()))), Path, nullptr, OutError);
}

TSharedPtr<FNeuvolFile> FNeuvolFile::OpenBytes(const neuvol::Api& Api, const TSharedRef<TArray64<uint8>>& Bytes, const FString& Name,
	FText& OutError)
{
	return Read(neuvol::Volume::open_memory(Api, Bytes->GetData(), static_cast<size_t>(Bytes->Num())), Name, Bytes, OutError);
}

TSharedPtr<FNeuvolFile> FNeuvolFile::Read(neuvol::Result<neuvol::Volume>&& Opened, const FString& Name,
	const TSharedPtr<TArray64<uint8>>& Bytes, FText& OutError)
{
	if (!Opened)
	{
		OutError = FText::Format(LOCTEXT("NotOpened", "{0} cannot be opened: {1}"), FText::FromString(Name),
			NeuvolText(Opened.error().message));
		return nullptr;
	}
	TSharedPtr<FNeuvolFile> File = MakeShared<FNeuvolFile>();
	File->Bytes = Bytes;
	File->Volume = MoveTemp(*Opened);
	File->Name = Name;
	const neuvol::Result<neuvol_volume_info> Info = File->Volume.info();
	const neuvol::Result<std::string> Metadata = File->Volume.metadata();
	if (!Info || !Metadata)
	{
		OutError = NeuvolText(Info ? Metadata.error().message : Info.error().message);
		return nullptr;
	}
	const TSharedRef<TJsonReader<>> Reader = TJsonReaderFactory<>::Create(NeuvolString(*Metadata));
	if (!FJsonSerializer::Deserialize(Reader, File->Metadata) || !File->Metadata)
	{
		OutError = FText::Format(LOCTEXT("NoMetadata", "{0}: its metadata is no JSON"), FText::FromString(Name));
		return nullptr;
	}
	for (uint32 Index = 0; Index < Info->variable_count; ++Index)
	{
		if (!File->ReadVariable(Index, OutError))
		{
			return nullptr;
		}
	}
	return File;
}

bool FNeuvolFile::ReadVariable(uint32 Index, FText& OutError)
{
	const neuvol::Result<neuvol::VariableInfo> Info = Volume.variable(Index);
	if (!Info)
	{
		OutError = NeuvolText(Info.error().message);
		return false;
	}
	FNeuvolVariable& Variable = Variables.AddDefaulted_GetRef();
	Variable.Name = NeuvolString(Info->name);
	Variable.Units = NeuvolString(Info->units);
	Variable.Size = FIntVector(static_cast<int32>(Info->grid.dims[0]), static_cast<int32>(Info->grid.dims[1]),
		static_cast<int32>(Info->grid.dims[2]));
	Variable.Steps = static_cast<int32>(Info->grid.step_count);
	Variable.Levels = static_cast<int32>(Info->grid.level_count);
	Variable.Qualities = static_cast<int32>(Info->grid.quality_count);
	Variable.ValueMin = Info->grid.value_min;
	Variable.ValueMax = Info->grid.value_max;
	Times.Add(ReadTimes(*Info));
	Shapes.Add(ReadShape(*Info));
	const FTimes& Dates = Times.Last();
	if (Dates.Axis)
	{
		Variable.FirstDate = NeuvolString(Dates.Axis->date(Dates.Values.front()).text());
		Variable.LastDate = NeuvolString(Dates.Axis->date(Dates.Values.back()).text());
	}
	return true;
}

FNeuvolFile::FTimes FNeuvolFile::ReadTimes(const neuvol::VariableInfo& Info) const
{
	FTimes Read;
	if (!Info.has_time())
	{
		return Read;
	}
	TOptional<neuvol::Coordinate> Coordinate = FindCoordinate(Info.dimensions[NEUVOL_AXIS_TIME], Info.grid.step_count);
	if (!Coordinate)
	{
		return Read;
	}
	const FString Calendar = GetAttribute(NeuvolString(Coordinate->name), TEXT("calendar"));
	if (const std::optional<neuvol::TimeAxis> Axis = neuvol::TimeAxis::parse(Coordinate->units, TCHAR_TO_UTF8(*Calendar)))
	{
		Read.Axis = *Axis;
		Read.Values = MoveTemp(Coordinate->values);
	}
	return Read;
}

namespace
{
	constexpr double MetresPerDegree = 111195.0;

	/** Metres per unit of a coordinate along an axis; 0 if that is no length. Latitude is that of the middle, for longitudes. */
	double MetresPerUnit(const FString& Units, double Latitude)
	{
		if (Units == TEXT("m") || Units == TEXT("metre") || Units == TEXT("meter") || Units == TEXT("metres") || Units == TEXT("meters"))
		{
			return 1.0;
		}
		if (Units == TEXT("km"))
		{
			return 1000.0;
		}
		if (Units == TEXT("mm"))
		{
			return 0.001;
		}
		if (Units.StartsWith(TEXT("degree")))
		{
			const bool bIsEast = Units.EndsWith(TEXT("_east")) || Units.EndsWith(TEXT("_E")) || Units.EndsWith(TEXT("E"));
			return MetresPerDegree * (bIsEast ? FMath::Cos(FMath::DegreesToRadians(Latitude)) : 1.0);
		}
		return 0.0;
	}
}

FNeuvolShape FNeuvolFile::ReadShape(const neuvol::VariableInfo& Info) const
{
	FNeuvolShape Shape;
	Shape.Metres = FVector(Info.grid.dims[0], Info.grid.dims[1], Info.grid.dims[2]);
	// x east, y north and z up is right-handed; the box's y points south, and so keeps what is left from being shown right.
	bool bIsDescending[3] = {false, false, false};
	double Latitude = 0.0;
	double Lengths[3] = {0.0, 0.0, 0.0};
	for (const int32 Axis : {1, 0, 2})
	{
		const TOptional<neuvol::Coordinate> Coordinate = FindCoordinate(Info.dimensions[Axis], Info.grid.dims[Axis]);
		if (!Coordinate || Coordinate->values.size() < 2)
		{
			continue;
		}
		const double First = Coordinate->values.front();
		const double Last = Coordinate->values.back();
		const FString Units = NeuvolString(Coordinate->units);
		if (Axis == 1)
		{
			Latitude = 0.5 * (First + Last);
		}
		bIsDescending[Axis] = Last < First;
		if (Axis == 2)
		{
			const FString Positive = GetAttribute(NeuvolString(Coordinate->name), TEXT("positive"));
			bIsDescending[2] = bIsDescending[2] != Positive.Equals(TEXT("down"), ESearchCase::IgnoreCase);
		}
		// From the outer face of the first voxel to that of the last one.
		const double Voxels = Info.grid.dims[Axis];
		Lengths[Axis] = FMath::Abs(Last - First) * Voxels / (Voxels - 1.0) * MetresPerUnit(Units, Latitude);
	}
	Shape.bIsReversed[0] = bIsDescending[0];
	Shape.bIsReversed[1] = !bIsDescending[1];
	Shape.bIsReversed[2] = bIsDescending[2];
	// Lengths of which one is not known cannot be compared: then each voxel is a cube.
	const bool bIsFlat = Info.grid.dims[2] == 1;
	if (Lengths[0] > 0.0 && Lengths[1] > 0.0 && (Lengths[2] > 0.0 || bIsFlat))
	{
		Shape.Metres = FVector(Lengths[0], Lengths[1], bIsFlat ? Lengths[0] / Info.grid.dims[0] : Lengths[2]);
	}
	return Shape;
}

TOptional<neuvol::Coordinate> FNeuvolFile::FindCoordinate(const std::string& Dimension, uint64 Count) const
{
	if (Dimension.empty())
	{
		return {};
	}
	const neuvol::Result<uint32> Index = Volume.find_coordinate(Dimension);
	if (!Index)
	{
		return {};
	}
	neuvol::Result<neuvol::Coordinate> Coordinate = Volume.coordinate(*Index);
	if (!Coordinate || Coordinate->values.size() != Count)
	{
		return {};
	}
	return MoveTemp(*Coordinate);
}

FString FNeuvolFile::GetAttribute(const FString& Coordinate, const FString& Attribute) const
{
	const auto Find = [](const TArray<TSharedPtr<FJsonValue>>* List, const FString& Wanted) -> TSharedPtr<FJsonObject>
	{
		for (const TSharedPtr<FJsonValue>& Value : *List)
		{
			const TSharedPtr<FJsonObject>* Object = nullptr;
			FString Found;
			if (Value->TryGetObject(Object) && (*Object)->TryGetStringField(TEXT("name"), Found) && Found == Wanted)
			{
				return *Object;
			}
		}
		return nullptr;
	};
	const TArray<TSharedPtr<FJsonValue>>* List = nullptr;
	FString Text;
	if (Metadata->TryGetArrayField(TEXT("coordinates"), List))
	{
		const TSharedPtr<FJsonObject> Found = Find(List, Coordinate);
		if (Found && Found->TryGetArrayField(TEXT("attributes"), List))
		{
			if (const TSharedPtr<FJsonObject> Value = Find(List, Attribute))
			{
				Value->TryGetStringField(TEXT("value"), Text);
			}
		}
	}
	return Text;
}

int32 FNeuvolFile::FindVariable(const FString& VariableName) const
{
	if (VariableName.IsEmpty())
	{
		return Variables.IsEmpty() ? INDEX_NONE : 0;
	}
	return Variables.IndexOfByPredicate([&](const FNeuvolVariable& Variable)
	{
		return Variable.Name == VariableName;
	});
}

TOptional<neuvol::Date> FNeuvolFile::GetDate(int32 Variable, double Time) const
{
	const FTimes& Dates = Times[Variable];
	if (!Dates.Axis)
	{
		return {};
	}
	const double Last = static_cast<double>(Dates.Values.size() - 1);
	const double Cut = FMath::Clamp(Time, 0.0, Last);
	const size_t Before = static_cast<size_t>(Cut);
	const size_t After = FMath::Min(Before + 1, Dates.Values.size() - 1);
	return Dates.Axis->date(FMath::Lerp(Dates.Values[Before], Dates.Values[After], Cut - static_cast<double>(Before)));
}

TOptional<FDateTime> FNeuvolFile::GetUnrealDate(int32 Variable, double Time) const
{
	const TOptional<neuvol::Date> Date = GetDate(Variable, Time);
	if (!Date || Times[Variable].Axis->calendar() != neuvol::Calendar::gregorian)
	{
		return {};
	}
	const int32 Second = static_cast<int32>(Date->second);
	const int32 Millisecond = static_cast<int32>((Date->second - Second) * 1000.0 + 0.5);
	const int32 Year = static_cast<int32>(Date->year);
	if (!FDateTime::Validate(Year, Date->month, Date->day, Date->hour, Date->minute, Second, FMath::Min(Millisecond, 999)))
	{
		return {};
	}
	return FDateTime(Year, Date->month, Date->day, Date->hour, Date->minute, Second, FMath::Min(Millisecond, 999));
}

TOptional<double> FNeuvolFile::FindTime(int32 Variable, const FDateTime& Date) const
{
	const FTimes& Dates = Times[Variable];
	if (!Dates.Axis || Dates.Axis->calendar() != neuvol::Calendar::gregorian)
	{
		return {};
	}
	neuvol::Date Wanted;
	Wanted.year = Date.GetYear();
	Wanted.month = Date.GetMonth();
	Wanted.day = Date.GetDay();
	Wanted.hour = Date.GetHour();
	Wanted.minute = Date.GetMinute();
	Wanted.second = Date.GetSecond() + Date.GetMillisecond() / 1000.0;
	const double Value = Dates.Axis->value(Wanted);
	// CF asks for coordinates that only rise (or only fall).
	const std::vector<double>& Values = Dates.Values;
	for (size_t Step = 1; Step < Values.size(); ++Step)
	{
		const double Before = Values[Step - 1];
		const double After = Values[Step];
		if (Before != After && (Value - Before) / (After - Before) <= 1.0)
		{
			return static_cast<double>(Step - 1) + FMath::Clamp((Value - Before) / (After - Before), 0.0, 1.0);
		}
	}
	return static_cast<double>(Values.size() - 1);
}

#undef LOCTEXT_NAMESPACE
