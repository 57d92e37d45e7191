#pragma once

#include "CoreMinimal.h"
#include "Modules/ModuleInterface.h"

namespace Fake
{
	/** The module of the running program; made by IMPLEMENT_MODULE. */
	void AddModule(const char* Name, IModuleInterface* (*Make)());
	IModuleInterface* FindModule(const FString& Name);
}

class FModuleManager
{
public:
	template <typename Interface>
	static Interface* LoadModulePtr(const FName& Name)
	{
		return static_cast<Interface*>(Fake::FindModule(Name.ToString()));
	}
	template <typename Interface>
	static Interface* GetModulePtr(const FName& Name)
	{
		return static_cast<Interface*>(Fake::FindModule(Name.ToString()));
	}
};

class FDefaultModuleImpl : public IModuleInterface
{
};

#define IMPLEMENT_MODULE(Class, Name)                                                 \
	static const bool bHasAdded##Name = (Fake::AddModule(#Name, []() -> IModuleInterface* \
	{                                                                                 \
		return new Class;                                                             \
	}), true);
