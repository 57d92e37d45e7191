#pragma once

class FSceneInterface
{
public:
	virtual ~FSceneInterface() = default;
};
