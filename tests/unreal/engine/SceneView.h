#pragma once

#include "CoreMinimal.h"
#include "SceneInterface.h"

namespace ERHIFeatureLevel
{
	enum Type { ES3_1, SM5, SM6 };
}

struct FSceneViewFamily
{
	FSceneInterface* Scene = nullptr;
	uint32 FrameNumber = 0;
};

class FSceneView
{
public:
	const FSceneViewFamily* Family = nullptr;
	ERHIFeatureLevel::Type GetFeatureLevel() const { return ERHIFeatureLevel::SM6; }
};
