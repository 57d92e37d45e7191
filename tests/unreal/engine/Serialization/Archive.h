#pragma once

#include "CoreMinimal.h"

class FArchive
{
public:
	virtual ~FArchive() = default;
	virtual void Serialize(void* Data, int64 Bytes) = 0;
	virtual int64 TotalSize() { return INDEX_NONE; }
	virtual int64 Tell() { return INDEX_NONE; }
	virtual bool IsLoading() const = 0;
	void SetError() { bHasError = true; }
	bool IsError() const { return bHasError; }
	friend FArchive& operator<<(FArchive& Ar, int32& Value)
	{
		Ar.Serialize(&Value, sizeof Value);
		return Ar;
	}
	friend FArchive& operator<<(FArchive& Ar, int64& Value)
	{
		Ar.Serialize(&Value, sizeof Value);
		return Ar;
	}

private:
	bool bHasError = false;
};
