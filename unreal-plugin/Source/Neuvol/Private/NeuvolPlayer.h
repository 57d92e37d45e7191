// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "Async/Future.h"
#include "CoreMinimal.h"
#include "NeuvolStream.h"
#include "NeuvolTypes.h"

class UNeuvolAsset;

/** What is to be shown. */
struct FNeuvolWish
{
	FString Variable;
	int32 Level = 0;
	int32 Quality = 0;
	ENeuvolTexel Texel = ENeuvolTexel::Float32;
	double Time = 0.0;
	double Velocity = 0.0;
	float BudgetMs = 2.0f;
};

/**
 * Opens a file and keeps the newest wish coming: what is being decoded is finished, then what is wanted by then begins. Game
 * thread; never waits.
 */
class FNeuvolPlayer
{
public:
	/** Opens a file in the background. */
	explicit FNeuvolPlayer(const FString& Path);
	/** Plays the bytes of an asset. */
	explicit FNeuvolPlayer(UNeuvolAsset& Asset);

	void Tick(const FNeuvolWish& Wish);

	ENeuvolState GetState() const;
	ENeuvolBackend GetBackend() const { return Stream ? Stream->GetBackend() : ENeuvolBackend::None; }
	FText GetStatus() const;

	/** Null until the file is open. */
	const TSharedPtr<FNeuvolFile>& GetFile() const { return File; }

	/** What is shown: number of the variable, and the time in steps. Nothing before the first frame. */
	const TOptional<FNeuvolFrame>& GetShown() const { return Shown; }

	/** What to draw; null before the first frame. Stays while another variable or level is on its way. */
	const TSharedPtr<FNeuvolTextures>& GetShownTextures() const { return ShownTextures; }

	/** Whether nothing is on its way and the last wish is shown (or has failed). */
	bool IsSettled() const { return bIsSettled; }

private:
	struct FOpened
	{
		TSharedPtr<FNeuvolFile> File;
		FText Error;
	};

	/** What a wish means for the open file; nothing, with an error, if it cannot be. */
	TOptional<FNeuvolFrame> Resolve(const FNeuvolWish& Wish);
	void MakeStream(const FNeuvolFrame& Frame);
	void Fail(const FText& Why);

	TFuture<TSharedPtr<FOpened>> Opening;
	TSharedPtr<FNeuvolFile> File;
	TUniquePtr<FNeuvolStream> Stream;
	TSharedPtr<FNeuvolTextures> ShownTextures;
	TOptional<FNeuvolFrame> Current;
	TOptional<FNeuvolFrame> Shown;
	/** What failed is not tried again until something else is wanted. */
	TOptional<FNeuvolFrame> Refused;
	/** Why frames are not decoded on the graphics device; empty if they are. */
	FText UploadReason;
	FText Error;
	bool bIsSettled = false;
};
