#pragma once

#include "RHIResources.h"

enum ESamplerFilter { SF_Point, SF_Bilinear };
enum ESamplerAddressMode { AM_Wrap, AM_Clamp };
enum EColorWriteMask { CW_RGB = 7, CW_RGBA = 15 };
enum EBlendOperation { BO_Add };
enum EBlendFactor { BF_Zero, BF_One, BF_SourceAlpha, BF_InverseSourceAlpha };

template <ESamplerFilter Filter, ESamplerAddressMode U, ESamplerAddressMode V, ESamplerAddressMode W>
struct TStaticSamplerState
{
	static FRHISamplerState* GetRHI()
	{
		static char State;
		return reinterpret_cast<FRHISamplerState*>(&State);
	}
};

template <EColorWriteMask Mask, EBlendOperation ColorOp, EBlendFactor ColorSource, EBlendFactor ColorTarget, EBlendOperation AlphaOp,
	EBlendFactor AlphaSource, EBlendFactor AlphaTarget>
struct TStaticBlendState
{
	static FRHIBlendState* GetRHI()
	{
		static char State;
		return reinterpret_cast<FRHIBlendState*>(&State);
	}
};
