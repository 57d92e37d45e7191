#pragma once

#include "Engine/EngineTypes.h"

class FPrimitiveSceneProxy;
class FSceneInterface;

class UActorComponent : public UObject
{
public:
	using Super = UObject;
	static UClass* StaticClass();
	FActorComponentTickFunction PrimaryComponentTick;
	bool bTickInEditor = false;

	void RegisterComponent();
	void UnregisterComponent();
	bool IsRegistered() const { return bIsRegistered; }
	virtual void BeginPlay() {}
	virtual void TickComponent(float, ELevelTick, FActorComponentTickFunction*) {}
	void MarkRenderTransformDirty() { bIsTransformDirty = true; }
	void MarkRenderDynamicDataDirty() { bIsDataDirty = true; }

	/** What the engine does at the end of a frame. */
	void FakeEndOfFrame();

protected:
	virtual void OnRegister() {}
	virtual void OnUnregister() {}
	virtual void FakeCreateRenderState() {}
	virtual void FakeDestroyRenderState() {}
	virtual void FakeSendTransform() {}
	virtual void SendRenderDynamicData_Concurrent() {}

private:
	bool bIsRegistered = false;
	bool bIsTransformDirty = false;
	bool bIsDataDirty = false;
};

class USceneComponent : public UActorComponent
{
public:
	using Super = UActorComponent;
	static UClass* StaticClass();
	const FTransform& GetComponentTransform() const { return FakeTransform; }
	virtual FBoxSphereBounds CalcBounds(const FTransform&) const { return FBoxSphereBounds(); }
	void UpdateBounds() { Bounds = CalcBounds(FakeTransform); }
	FBoxSphereBounds Bounds;
	FTransform FakeTransform;
};

class UPrimitiveComponent : public USceneComponent
{
public:
	using Super = USceneComponent;
	static UClass* StaticClass();
	bool CastShadow = true;
	FPrimitiveSceneProxy* SceneProxy = nullptr;
	virtual FPrimitiveSceneProxy* CreateSceneProxy() { return nullptr; }
	void SetCollisionEnabled(ECollisionEnabled::Type) {}

protected:
	virtual void OnRegister() override {}
	virtual void OnUnregister() override {}
	virtual void FakeCreateRenderState() override;
	virtual void FakeDestroyRenderState() override;
	virtual void FakeSendTransform() override;
};
