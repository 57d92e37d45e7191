#pragma once

#include "CoreMinimal.h"
#include "UObject/ObjectMacros.h"

class FArchive;
class UObject;

enum EObjectFlags { RF_NoFlags = 0, RF_Public = 1, RF_Standalone = 2, RF_Transactional = 8 };

class UClass
{
public:
	UClass(const TCHAR* InName, UClass* InSuper, UObject* (*InMake)()) : Name(InName), Super(InSuper), Make(InMake) {}
	bool IsChildOf(const UClass* Other) const
	{
		for (const UClass* At = this; At != nullptr; At = At->Super)
			if (At == Other) return true;
		return false;
	}
	FString Name;
	UClass* Super;
	UObject* (*Make)();
};

struct FPropertyChangedEvent
{
};

class UObject
{
public:
	virtual ~UObject() = default;
	static UClass* StaticClass();
	virtual UClass* GetClass() const { return StaticClass(); }
	FString GetName() const { return FakeName.ToString(); }
	virtual void Serialize(FArchive&) {}
	bool IsTemplate() const { return false; }
	virtual void PostEditChangeProperty(FPropertyChangedEvent&) {}
	virtual void BeginDestroy() {}

	template <typename T>
	T* CreateDefaultSubobject(const FName& Name)
	{
		T* Made = new T;
		Made->FakeName = Name;
		return Made;
	}

	FName FakeName;
};

template <typename T>
T* NewObject(UObject* = nullptr, UClass* Class = nullptr, FName Name = FName(), EObjectFlags = RF_NoFlags)
{
	UClass* Wanted = Class != nullptr ? Class : T::StaticClass();
	check(Wanted->IsChildOf(T::StaticClass()) && Wanted->Make != nullptr);
	T* Made = static_cast<T*>(Wanted->Make());
	Made->FakeName = Name;
	return Made;
}

template <typename T>
T* Cast(UObject* Object)
{
	return Object != nullptr && Object->GetClass()->IsChildOf(T::StaticClass()) ? static_cast<T*>(Object) : nullptr;
}

template <typename T>
T* CastChecked(UObject* Object)
{
	T* Made = Cast<T>(Object);
	check(Made != nullptr);
	return Made;
}

/** Objects live until the host destroys them: no garbage is collected here. */
template <typename T>
class TObjectPtr
{
public:
	TObjectPtr() = default;
	TObjectPtr(T* In) : Held(In) {}
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
	TObjectPtr(const TObjectPtr<U>& Other) : Held(Other)
	{
	}
	operator T*() const { return Held; }
	T* operator->() const { return Held; }

private:
	T* Held = nullptr;
};

/** Knows nothing of the object's end here: the host sees to it that it lives. */
template <typename T>
class TWeakObjectPtr
{
public:
	TWeakObjectPtr() = default;
	TWeakObjectPtr(T* In) : Held(In) {}
	TWeakObjectPtr(const TObjectPtr<T>& In) : Held(In) {}
	T* Get() const { return Held; }

private:
	T* Held = nullptr;
};

template <typename T>
class TSubclassOf
{
public:
	TSubclassOf() = default;
	TSubclassOf(UClass* In) : Class(In) { check(In == nullptr || In->IsChildOf(T::StaticClass())); }
	operator UClass*() const { return Class; }

private:
	UClass* Class = nullptr;
};

template <typename T>
class TSoftClassPtr
{
public:
	TSoftClassPtr(UClass* In) : Class(In) {}
	UClass* Get() const { return Class; }

private:
	UClass* Class;
};
