#pragma once

#include "RenderGraphBuilder.h"

enum class ERenderTargetLoadAction { ENoAction, ELoad, EClear };

struct FRenderTargetBinding
{
	FRenderTargetBinding() = default;
	FRenderTargetBinding(FRDGTexture* InTexture, ERenderTargetLoadAction InAction) : Texture(InTexture), Action(InAction) {}
	FRDGTexture* Texture = nullptr;
	ERenderTargetLoadAction Action = ERenderTargetLoadAction::ENoAction;
};

#define BEGIN_SHADER_PARAMETER_STRUCT(Name, Export) \
	struct Name                                     \
	{
#define SHADER_PARAMETER(Type, Name) Type Name{};
#define SHADER_PARAMETER_RDG_TEXTURE(Type, Name) FRDGTexture* Name = nullptr;
#define SHADER_PARAMETER_TEXTURE(Type, Name) FRHITexture* Name = nullptr;
#define SHADER_PARAMETER_SAMPLER(Type, Name) FRHISamplerState* Name = nullptr;
#define RENDER_TARGET_BINDING_SLOTS() FRenderTargetBinding RenderTargets[8];
#define END_SHADER_PARAMETER_STRUCT() \
	}                                 \
	;
