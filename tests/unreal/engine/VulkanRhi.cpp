// Vulkan's RHI on a real device, with validation and synchronization validation: command buffers, transitions, fences and late
// deletion as the engine does them.
#include "Host.h"
#include "IVulkanDynamicRHI.h"

#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

namespace
{
	bool bStoresToHalf = false;

#define VK(call)                                                                              \
	do                                                                                        \
	{                                                                                         \
		if (const VkResult Result = (call); Result != VK_SUCCESS)                             \
		{                                                                                     \
			std::fprintf(stderr, "%s:%d: %s gave %d\n", __FILE__, __LINE__, #call, int(Result)); \
			std::abort();                                                                     \
		}                                                                                     \
	} while (false)

	struct FUse
	{
		VkImageLayout Layout;
		VkPipelineStageFlags Stages;
		VkAccessFlags Access;
	};

	FUse UseOf(ERHIAccess Access)
	{
		switch (Access)
		{
		case ERHIAccess::SRVMask:
			return {VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
				VK_ACCESS_SHADER_READ_BIT};
		case ERHIAccess::UAVCompute:
			return {VK_IMAGE_LAYOUT_GENERAL, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
		case ERHIAccess::CopyDest:
			return {VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT};
		default:
			return {VK_IMAGE_LAYOUT_UNDEFINED, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, 0};
		}
	}
	const FUse ReadByCopy = {VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT};

	/** Command buffers that go to the device together. */
	struct FSubmission
	{
		VkCommandBuffer Commands = VK_NULL_HANDLE;
		VkFence Done = VK_NULL_HANDLE;
		std::atomic<bool> bIsSubmitted{false};
		std::atomic<bool> bIsDone{false};
		std::vector<std::function<void()>> Garbage;
	};

	class FFence : public FRHIGPUFence
	{
	public:
		virtual bool Poll() const override
		{
			std::lock_guard<std::mutex> Guard(Lock);
			return Of && Of->bIsDone;
		}
		mutable std::mutex Lock;
		std::shared_ptr<FSubmission> Of;
	};

	class FVulkanRhi;
	FVulkanRhi* TheRhi = nullptr;

	class FVulkanTexture : public FRHITexture
	{
	public:
		using FRHITexture::FRHITexture;
		VkImage Image = VK_NULL_HANDLE;
		VkDeviceMemory Memory = VK_NULL_HANDLE;

	protected:
		virtual void FakeEnd() override;
	};

	VKAPI_ATTR VkBool32 VKAPI_CALL Hear(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
		const VkDebugUtilsMessengerCallbackDataEXT* Data, void* User)
	{
		static std::mutex Lock;
		std::lock_guard<std::mutex> Guard(Lock);
		static_cast<std::vector<std::string>*>(User)->push_back(Data->pMessage);
		return VK_FALSE;
	}

	class FVulkanRhi : public IVulkanDynamicRHI
	{
	public:
		explicit FVulkanRhi(std::vector<std::string>& InMessages) : Messages(InMessages) {}

		bool Begin(bool bHasExtendedFormats);
		virtual ~FVulkanRhi() override;

		virtual const TCHAR* GetName() override { return TEXT("Vulkan"); }
		virtual VkInstance RHIGetVkInstance() const override { return Instance; }
		virtual VkPhysicalDevice RHIGetVkPhysicalDevice() const override { return Physical; }
		virtual VkDevice RHIGetVkDevice() const override { return Device; }
		virtual uint32 RHIGetGraphicsQueueFamilyIndex() const override { return Family; }
		virtual void* RHIGetVkInstanceProcAddr(const char* Name) const override
		{
			return reinterpret_cast<void*>(vkGetInstanceProcAddr(Instance, Name));
		}
		virtual VkImage RHIGetVkImage(FRHITexture* Texture) const override { return static_cast<FVulkanTexture*>(Texture)->Image; }
		virtual VkCommandBuffer RHIGetActiveVkCommandBuffer() override
		{
			if (!Fake::IsRhiThread()) Fake::Broken("the command buffer is asked for on another thread than the RHI's");
			bIsLent = true;
			// Layers see hazards inside of one submission only.
			const FSubmission* Now = &Open();
			std::lock_guard<std::mutex> Guard(GarbageLock);
			for (const auto& [Texture, Since] : Writable)
			{
				if (Since != Now) Fake::Broken("a texture may be written again, with no transition since the last frame that wrote");
			}
			return Now->Commands;
		}
		virtual void RHIFinishExternalComputeWork(VkCommandBuffer Commands) override
		{
			if (!bIsLent || Commands != Open().Commands) Fake::Broken("work is finished that was not begun");
			bIsLent = false;
		}

		virtual FRHITexture* FakeCreateTexture(const FRHITextureCreateDesc& Desc) override;
		virtual void FakeUpdate(FRHITexture* Texture, const FUpdateTextureRegion3D& Region, uint32 RowPitch, uint32 DepthPitch,
			const uint8* Data) override;
		virtual void FakeTransition(FRHITexture* Texture, ERHIAccess Before, ERHIAccess After) override
		{
			Barrier(static_cast<FVulkanTexture*>(Texture)->Image, UseOf(Before), UseOf(After));
			std::lock_guard<std::mutex> Guard(GarbageLock);
			Writable.erase(Texture);
			if (After == ERHIAccess::UAVCompute) Writable[Texture] = Active.get();
		}
		void Forget(FRHITexture* Texture)
		{
			std::lock_guard<std::mutex> Guard(GarbageLock);
			Writable.erase(Texture);
		}
		virtual FRHIGPUFence* FakeCreateFence() override { return new FFence; }
		virtual void FakeWriteFence(FRHIGPUFence* Fence) override
		{
			FFence* Written = static_cast<FFence*>(Fence);
			Open();
			std::lock_guard<std::mutex> Guard(Written->Lock);
			Written->Of = Active;
		}
		virtual void FakeSubmit() override;
		virtual void FakeWait() override
		{
			VK(vkQueueWaitIdle(Queue));
			Retire();
		}
		virtual TArray<uint8> FakeRead(FRHITexture* Texture) override;

		void Throw(std::function<void()> Destroy)
		{
			std::lock_guard<std::mutex> Guard(GarbageLock);
			Garbage.push_back(std::move(Destroy));
		}
		void Destroy(VkImage Image, VkDeviceMemory Memory)
		{
			vkDestroyImage(Device, Image, nullptr);
			vkFreeMemory(Device, Memory, nullptr);
		}

	private:
		struct FBuffer
		{
			VkBuffer Buffer;
			VkDeviceMemory Memory;
			uint8* Mapped;
		};

		FSubmission& Open();
		void Retire();
		void Barrier(VkImage Image, const FUse& Before, const FUse& After);
		VkDeviceMemory Allocate(const VkMemoryRequirements& Needs, VkMemoryPropertyFlags Wanted);
		FBuffer MakeBuffer(VkDeviceSize Bytes, VkBufferUsageFlags Usage);
		void Throw(const FBuffer& Buffer)
		{
			Throw([this, Buffer]
			{
				vkDestroyBuffer(Device, Buffer.Buffer, nullptr);
				vkFreeMemory(Device, Buffer.Memory, nullptr);
			});
		}

		std::vector<std::string>& Messages;
		VkInstance Instance = VK_NULL_HANDLE;
		VkDebugUtilsMessengerEXT Messenger = VK_NULL_HANDLE;
		VkPhysicalDevice Physical = VK_NULL_HANDLE;
		VkDevice Device = VK_NULL_HANDLE;
		VkQueue Queue = VK_NULL_HANDLE;
		VkCommandPool Pool = VK_NULL_HANDLE;
		uint32 Family = 0;
		bool bIsLent = false;
		std::shared_ptr<FSubmission> Active;
		std::deque<std::shared_ptr<FSubmission>> Flying;
		std::mutex GarbageLock;
		std::vector<std::function<void()>> Garbage;
		/** Textures that shaders may write to, and the submission of their last transition. */
		std::map<FRHITexture*, const FSubmission*> Writable;
	};

	void FVulkanTexture::FakeEnd()
	{
		TheRhi->Forget(this);
		TheRhi->Throw([Image = this->Image, Memory = this->Memory] { TheRhi->Destroy(Image, Memory); });
		delete this;
	}

	bool FVulkanRhi::Begin(bool bHasExtendedFormats)
	{
		const char* Layer = "VK_LAYER_KHRONOS_validation";
		const char* InstanceExtensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
		const VkValidationFeatureEnableEXT Checks[] = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
		VkValidationFeaturesEXT Validation{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT, nullptr, 1, Checks, 0, nullptr};
		VkApplicationInfo Application{};
		Application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
		Application.apiVersion = VK_API_VERSION_1_1;
		VkInstanceCreateInfo Info{};
		Info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
		Info.pNext = &Validation;
		Info.pApplicationInfo = &Application;
		Info.enabledLayerCount = 1;
		Info.ppEnabledLayerNames = &Layer;
		Info.enabledExtensionCount = 1;
		Info.ppEnabledExtensionNames = InstanceExtensions;
		if (vkCreateInstance(&Info, nullptr, &Instance) != VK_SUCCESS) return false;
		VkDebugUtilsMessengerCreateInfoEXT Listen{};
		Listen.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
		Listen.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
		Listen.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT;
		Listen.pfnUserCallback = Hear;
		Listen.pUserData = &Messages;
		const auto Create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
			vkGetInstanceProcAddr(Instance, "vkCreateDebugUtilsMessengerEXT"));
		VK(Create(Instance, &Listen, nullptr, &Messenger));

		uint32_t Count = 1;
		if (vkEnumeratePhysicalDevices(Instance, &Count, &Physical) < 0 || Count == 0) return false;
		VkQueueFamilyProperties Families[8];
		Count = 8;
		vkGetPhysicalDeviceQueueFamilyProperties(Physical, &Count, Families);
		while (Family < Count && (Families[Family].queueFlags & VK_QUEUE_GRAPHICS_BIT) == 0) ++Family;
		check(Family < Count);

		const float Priority = 1.0f;
		VkDeviceQueueCreateInfo Queues{};
		Queues.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
		Queues.queueFamilyIndex = Family;
		Queues.queueCount = 1;
		Queues.pQueuePriorities = &Priority;
		VkPhysicalDeviceFeatures Features{};
		Features.shaderStorageImageExtendedFormats = bHasExtendedFormats;
		bStoresToHalf = bHasExtendedFormats;
		// Those that were asked for, as far as the device has them.
		uint32_t Known = 0;
		vkEnumerateDeviceExtensionProperties(Physical, nullptr, &Known, nullptr);
		std::vector<VkExtensionProperties> Extensions(Known);
		vkEnumerateDeviceExtensionProperties(Physical, nullptr, &Known, Extensions.data());
		std::vector<const char*> Names;
		const std::vector<std::string> Requested = Fake::GetRequestedExtensions();
		for (const std::string& Name : Requested)
		{
			for (const VkExtensionProperties& Extension : Extensions)
			{
				if (Name == Extension.extensionName) Names.push_back(Name.c_str());
			}
		}
		VkDeviceCreateInfo Make{};
		Make.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
		Make.queueCreateInfoCount = 1;
		Make.pQueueCreateInfos = &Queues;
		Make.enabledExtensionCount = static_cast<uint32_t>(Names.size());
		Make.ppEnabledExtensionNames = Names.data();
		Make.pEnabledFeatures = &Features;
		VK(vkCreateDevice(Physical, &Make, nullptr, &Device));
		vkGetDeviceQueue(Device, Family, 0, &Queue);
		VkCommandPoolCreateInfo PoolInfo{};
		PoolInfo.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
		PoolInfo.queueFamilyIndex = Family;
		VK(vkCreateCommandPool(Device, &PoolInfo, nullptr, &Pool));
		TheRhi = this;
		return true;
	}

	FVulkanRhi::~FVulkanRhi()
	{
		if (Device != VK_NULL_HANDLE)
		{
			VK(vkDeviceWaitIdle(Device));
			Retire();
			for (const auto& Destroy : Garbage) Destroy();
			vkDestroyCommandPool(Device, Pool, nullptr);
			// What of the plugin is still alive the layers name here.
			vkDestroyDevice(Device, nullptr);
		}
		if (Messenger != VK_NULL_HANDLE)
		{
			const auto Destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
				vkGetInstanceProcAddr(Instance, "vkDestroyDebugUtilsMessengerEXT"));
			Destroy(Instance, Messenger, nullptr);
		}
		vkDestroyInstance(Instance, nullptr);
		TheRhi = nullptr;
	}

	FSubmission& FVulkanRhi::Open()
	{
		if (!Active)
		{
			Active = std::make_shared<FSubmission>();
			VkCommandBufferAllocateInfo Info{};
			Info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
			Info.commandPool = Pool;
			Info.commandBufferCount = 1;
			VK(vkAllocateCommandBuffers(Device, &Info, &Active->Commands));
			VkCommandBufferBeginInfo Begin{};
			Begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
			Begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
			VK(vkBeginCommandBuffer(Active->Commands, &Begin));
		}
		return *Active;
	}

	void FVulkanRhi::FakeSubmit()
	{
		Retire();
		bIsLent = false;
		FSubmission& Now = Open();
		{
			std::lock_guard<std::mutex> Guard(GarbageLock);
			Now.Garbage = std::exchange(Garbage, {});
		}
		VK(vkEndCommandBuffer(Now.Commands));
		VkFenceCreateInfo Info{};
		Info.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
		VK(vkCreateFence(Device, &Info, nullptr, &Now.Done));
		VkSubmitInfo Submit{};
		Submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
		Submit.commandBufferCount = 1;
		Submit.pCommandBuffers = &Now.Commands;
		VK(vkQueueSubmit(Queue, 1, &Submit, Now.Done));
		Flying.push_back(std::exchange(Active, nullptr));
		// As the engine, a few frames ahead at most.
		if (Flying.size() > 3)
		{
			VK(vkWaitForFences(Device, 1, &Flying.front()->Done, VK_TRUE, UINT64_MAX));
			Retire();
		}
	}

	void FVulkanRhi::Retire()
	{
		while (!Flying.empty() && vkGetFenceStatus(Device, Flying.front()->Done) == VK_SUCCESS)
		{
			const std::shared_ptr<FSubmission> Gone = Flying.front();
			Flying.pop_front();
			vkDestroyFence(Device, Gone->Done, nullptr);
			vkFreeCommandBuffers(Device, Pool, 1, &Gone->Commands);
			for (const auto& Destroy : Gone->Garbage) Destroy();
			Gone->bIsDone = true;
		}
	}

	void FVulkanRhi::Barrier(VkImage Image, const FUse& Before, const FUse& After)
	{
		VkImageMemoryBarrier Info{};
		Info.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
		Info.srcAccessMask = Before.Access;
		Info.dstAccessMask = After.Access;
		Info.oldLayout = Before.Layout;
		Info.newLayout = After.Layout;
		Info.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
		Info.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
		Info.image = Image;
		Info.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
		vkCmdPipelineBarrier(Open().Commands, Before.Stages, After.Stages, 0, 0, nullptr, 0, nullptr, 1, &Info);
	}

	VkDeviceMemory FVulkanRhi::Allocate(const VkMemoryRequirements& Needs, VkMemoryPropertyFlags Wanted)
	{
		VkPhysicalDeviceMemoryProperties Kinds;
		vkGetPhysicalDeviceMemoryProperties(Physical, &Kinds);
		uint32_t Kind = 0;
		while ((Needs.memoryTypeBits >> Kind & 1) == 0 || (Kinds.memoryTypes[Kind].propertyFlags & Wanted) != Wanted) ++Kind;
		VkMemoryAllocateInfo Info{};
		Info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
		Info.allocationSize = Needs.size;
		Info.memoryTypeIndex = Kind;
		VkDeviceMemory Memory;
		VK(vkAllocateMemory(Device, &Info, nullptr, &Memory));
		return Memory;
	}

	FVulkanRhi::FBuffer FVulkanRhi::MakeBuffer(VkDeviceSize Bytes, VkBufferUsageFlags Usage)
	{
		FBuffer Made{};
		VkBufferCreateInfo Info{};
		Info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
		Info.size = Bytes;
		Info.usage = Usage;
		VK(vkCreateBuffer(Device, &Info, nullptr, &Made.Buffer));
		VkMemoryRequirements Needs;
		vkGetBufferMemoryRequirements(Device, Made.Buffer, &Needs);
		Made.Memory = Allocate(Needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
		VK(vkBindBufferMemory(Device, Made.Buffer, Made.Memory, 0));
		VK(vkMapMemory(Device, Made.Memory, 0, VK_WHOLE_SIZE, 0, reinterpret_cast<void**>(&Made.Mapped)));
		return Made;
	}

	uint32 TexelBytes(EPixelFormat Format)
	{
		return Format == PF_R16F ? 2 : Format == PF_R32_FLOAT ? 4 : 8;
	}

	FRHITexture* FVulkanRhi::FakeCreateTexture(const FRHITextureCreateDesc& Desc)
	{
		FVulkanTexture* Made = new FVulkanTexture(Desc);
		VkImageCreateInfo Info{};
		Info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
		Info.imageType = Desc.bFakeIs3D ? VK_IMAGE_TYPE_3D : VK_IMAGE_TYPE_2D;
		Info.format = Desc.FakeFormat == PF_R16F ? VK_FORMAT_R16_SFLOAT
			: Desc.FakeFormat == PF_R32_FLOAT    ? VK_FORMAT_R32_SFLOAT
												 : VK_FORMAT_R16G16B16A16_SFLOAT;
		Info.extent = {uint32_t(Desc.FakeSize.X), uint32_t(Desc.FakeSize.Y), uint32_t(Desc.FakeSize.Z)};
		Info.mipLevels = 1;
		Info.arrayLayers = 1;
		Info.samples = VK_SAMPLE_COUNT_1_BIT;
		Info.usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
		// Not for textures without the flag: who writes to those is told by the layers.
		if (EnumHasAnyFlags(Desc.FakeFlags, ETextureCreateFlags::UAV)) Info.usage |= VK_IMAGE_USAGE_STORAGE_BIT;
		VK(vkCreateImage(Device, &Info, nullptr, &Made->Image));
		VkMemoryRequirements Needs;
		vkGetImageMemoryRequirements(Device, Made->Image, &Needs);
		Made->Memory = Allocate(Needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
		VK(vkBindImageMemory(Device, Made->Image, Made->Memory, 0));
		FRHICommandListImmediate().FakeEnqueue([this, Image = Made->Image, State = Desc.FakeState](FRHICommandListBase&)
		{
			Barrier(Image, UseOf(ERHIAccess::Unknown), UseOf(State));
		});
		return Made;
	}

	void FVulkanRhi::FakeUpdate(FRHITexture* Texture, const FUpdateTextureRegion3D& Region, uint32 RowPitch, uint32 DepthPitch,
		const uint8* Data)
	{
		const uint32 Bytes = TexelBytes(Texture->FakeDesc.FakeFormat);
		check(RowPitch == Region.Width * Bytes && DepthPitch == RowPitch * Region.Height);
		const FBuffer Buffer = MakeBuffer(VkDeviceSize(DepthPitch) * Region.Depth, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
		std::memcpy(Buffer.Mapped, Data, size_t(DepthPitch) * Region.Depth);
		const VkImage Image = RHIGetVkImage(Texture);
		Barrier(Image, UseOf(ERHIAccess::SRVMask), UseOf(ERHIAccess::CopyDest));
		VkBufferImageCopy Copy{};
		Copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
		Copy.imageOffset = {int32_t(Region.DestX), int32_t(Region.DestY), int32_t(Region.DestZ)};
		Copy.imageExtent = {Region.Width, Region.Height, Region.Depth};
		vkCmdCopyBufferToImage(Open().Commands, Buffer.Buffer, Image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &Copy);
		Barrier(Image, UseOf(ERHIAccess::CopyDest), UseOf(ERHIAccess::SRVMask));
		Throw(Buffer);
	}

	TArray<uint8> FVulkanRhi::FakeRead(FRHITexture* Texture)
	{
		const FIntVector& Size = Texture->FakeDesc.FakeSize;
		const size_t Bytes = size_t(Size.X) * Size.Y * Size.Z * TexelBytes(Texture->FakeDesc.FakeFormat);
		const FBuffer Buffer = MakeBuffer(Bytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
		const VkImage Image = RHIGetVkImage(Texture);
		Barrier(Image, UseOf(ERHIAccess::SRVMask), ReadByCopy);
		VkBufferImageCopy Copy{};
		Copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
		Copy.imageExtent = {uint32_t(Size.X), uint32_t(Size.Y), uint32_t(Size.Z)};
		vkCmdCopyImageToBuffer(Open().Commands, Image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, Buffer.Buffer, 1, &Copy);
		Barrier(Image, ReadByCopy, UseOf(ERHIAccess::SRVMask));
		VkMemoryBarrier Host{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_TRANSFER_WRITE_BIT, VK_ACCESS_HOST_READ_BIT};
		vkCmdPipelineBarrier(Open().Commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &Host, 0, nullptr, 0, nullptr);
		FakeSubmit();
		FakeWait();
		TArray<uint8> Made;
		Made.SetNumUninitialized(static_cast<int32>(Bytes));
		std::memcpy(Made.GetData(), Buffer.Mapped, Bytes);
		Throw(Buffer);
		return Made;
	}
}

bool UE::PixelFormat::HasCapabilities(EPixelFormat Format, EPixelFormatCapabilities Wanted)
{
	check(Format == PF_R16F && Wanted == EPixelFormatCapabilities::TypedUAVStore);
	return bStoresToHalf;
}

FDynamicRHI* Fake::MakeVulkan(bool bHasExtendedFormats, std::vector<std::string>& Messages)
{
	auto Made = std::make_unique<FVulkanRhi>(Messages);
	if (!Made->Begin(bHasExtendedFormats)) return nullptr;
	return Made.release();
}
