#pragma once

#include "CoreMinimal.h"
#include "SceneView.h"

#include <tuple>

enum EShaderFrequency { SF_Vertex, SF_Pixel };

class FGlobalShader
{
};

class FGlobalShaderMap
{
};

FGlobalShaderMap* GetGlobalShaderMap(ERHIFeatureLevel::Type Level);

template <typename Name, typename T>
struct TFakePermutation
{
	T Value{};
};

#define SHADER_PERMUTATION_INT(Define, Count) public TFakePermutation<struct FFakeInt, int32> {}
#define SHADER_PERMUTATION_BOOL(Define) public TFakePermutation<struct FFakeBool, bool> {}

template <typename... Dimensions>
class TShaderPermutationDomain
{
public:
	template <typename Dimension, typename T>
	void Set(T Value)
	{
		std::get<Dimension>(All).Value = Value;
	}
	template <typename Dimension>
	auto Get() const
	{
		return std::get<Dimension>(All).Value;
	}

private:
	std::tuple<Dimensions...> All;
};

#define DECLARE_GLOBAL_SHADER(Class)
#define SHADER_USE_PARAMETER_STRUCT(Class, Base)
#define IMPLEMENT_GLOBAL_SHADER(Class, File, Function, Frequency) static_assert(Frequency == SF_Pixel, File Function)

template <typename Shader>
class TShaderMapRef
{
public:
	TShaderMapRef(FGlobalShaderMap*, const typename Shader::FPermutationDomain& In) : FakePermutation(In) {}
	typename Shader::FPermutationDomain FakePermutation;
};
