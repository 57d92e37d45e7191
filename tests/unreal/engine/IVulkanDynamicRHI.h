#pragma once

#include "DynamicRHI.h"

#include <vulkan/vulkan.h>

class IVulkanDynamicRHI : public FDynamicRHI
{
public:
	virtual ERHIInterfaceType GetInterfaceType() const override final { return ERHIInterfaceType::Vulkan; }

	/** Before the RHI starts. */
	static void AddEnabledDeviceExtensionsAndLayers(TArrayView<const ANSICHAR* const> Extensions,
		TArrayView<const ANSICHAR* const> Layers);

	virtual VkInstance RHIGetVkInstance() const = 0;
	virtual VkPhysicalDevice RHIGetVkPhysicalDevice() const = 0;
	virtual VkDevice RHIGetVkDevice() const = 0;
	virtual uint32 RHIGetGraphicsQueueFamilyIndex() const = 0;
	virtual void* RHIGetVkInstanceProcAddr(const char* Name) const = 0;
	virtual VkImage RHIGetVkImage(FRHITexture* Texture) const = 0;
	/** RHI thread. */
	virtual VkCommandBuffer RHIGetActiveVkCommandBuffer() = 0;
	virtual void RHIFinishExternalComputeWork(VkCommandBuffer Commands) = 0;
};
