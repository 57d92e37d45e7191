// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "NeuvolTypes.h"
#include "UObject/Object.h"
#include "NeuvolAsset.generated.h"

class FNeuvolFile;

/**
 * An imported .neuvol file: its bytes, cooked with the project, and what it says of itself. Large files are better left on disk
 * and played by path (UNeuvolComponent::File).
 */
UCLASS(BlueprintType)
class NEUVOL_API UNeuvolAsset : public UObject
{
	GENERATED_BODY()

public:
	/** The file that was imported. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	FString SourceFile;

	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	TArray<FNeuvolVariable> Variables;

	/** Length of the file, in bytes. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	int64 FileBytes = 0;

	/** Takes over the bytes of a file. False, with the reason, if they are no .neuvol file; the asset is as it was then. */
	bool SetBytes(TArray64<uint8>&& InBytes, const FString& InSourceFile, FText& OutError);

	/** Opens the bytes, or gives what is open already. Null, with the reason, if they cannot be opened. Game thread. */
	TSharedPtr<FNeuvolFile> Open(FText& OutError);

	virtual void Serialize(FArchive& Ar) override;

private:
	// Shared with whoever still decodes from them when this asset goes.
	TSharedPtr<TArray64<uint8>> Bytes;
	TWeakPtr<FNeuvolFile> Opened;
};
