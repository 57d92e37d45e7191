#pragma once

#include "UObject/Object.h"

class FFeedbackContext;

class UFactory : public UObject
{
public:
	using Super = UObject;
	static UClass* StaticClass();
	TSubclassOf<UObject> SupportedClass;
	TArray<FString> Formats;
	bool bEditorImport = false;
	bool bCreateNew = false;
	virtual UObject* FactoryCreateFile(UClass*, UObject*, FName, EObjectFlags, const FString&, const TCHAR*, FFeedbackContext*, bool&)
	{
		return nullptr;
	}
};
