/* The host's Vulkan: a device without anything enabled, one texture, frames until the decode is finished. */
#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#ifdef _WIN32
#define LOADER "vulkan-1.dll"
#else
#define LOADER "libvulkan.so.1"
#endif

/* Of the range of values: both sum in 32-bit floats, in different orders. */
#define BOUND 1e-5
/* What the texture gets where a voxel is not valid. */
#define INVALID (-12345.0f)

#define FUNCTIONS(X)                                                                                              \
  X(vkDestroyInstance) X(vkEnumeratePhysicalDevices) X(vkGetPhysicalDeviceProperties)                             \
  X(vkGetPhysicalDeviceMemoryProperties) X(vkGetPhysicalDeviceQueueFamilyProperties) X(vkCreateDevice)            \
  X(vkDestroyDevice) X(vkGetDeviceQueue) X(vkCreateImage) X(vkDestroyImage) X(vkGetImageMemoryRequirements)       \
  X(vkBindImageMemory) X(vkCreateBuffer) X(vkDestroyBuffer) X(vkGetBufferMemoryRequirements) X(vkBindBufferMemory) \
  X(vkAllocateMemory) X(vkFreeMemory) X(vkMapMemory) X(vkCreateCommandPool) X(vkDestroyCommandPool)               \
  X(vkAllocateCommandBuffers) X(vkBeginCommandBuffer) X(vkEndCommandBuffer) X(vkResetCommandPool)                 \
  X(vkCmdPipelineBarrier) X(vkCmdCopyImageToBuffer) X(vkQueueSubmit) X(vkQueueWaitIdle)

typedef struct {
#define MEMBER(name) PFN_##name name;
  FUNCTIONS(MEMBER)
#undef MEMBER
  PFN_vkGetInstanceProcAddr get;
  VkInstance instance;
  VkPhysicalDevice physical;
  VkDevice device;
  VkQueue queue;
  uint32_t family;
  VkCommandPool pool;
  VkCommandBuffer commands;
} gpu;

static void check(VkResult result, const char *what) {
  if (result != VK_SUCCESS) host_fail("%s gives %d", what, (int)result);
}

static uint32_t compute_family(const gpu *g) {
  VkQueueFamilyProperties families[16];
  uint32_t count = 16, i;
  g->vkGetPhysicalDeviceQueueFamilyProperties(g->physical, &count, families);
  for (i = 0; i < count; i++) {
    if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) return i;
  }
  host_fail("the device has no queue that computes");
}

static gpu open_gpu(void) {
  gpu g;
  VkApplicationInfo application = {VK_STRUCTURE_TYPE_APPLICATION_INFO};
  VkInstanceCreateInfo instance = {VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  VkDeviceCreateInfo device = {VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
  VkDeviceQueueCreateInfo queue = {VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  VkCommandPoolCreateInfo pool = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  VkCommandBufferAllocateInfo buffers = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  VkPhysicalDeviceProperties properties;
  PFN_vkCreateInstance create;
  VkResult result;
  uint32_t count = 1;
  float priority = 1;
  g.get = (PFN_vkGetInstanceProcAddr)host_symbol(host_load(LOADER), "vkGetInstanceProcAddr");
  if (g.get == NULL) host_fail(LOADER " is no Vulkan loader");
  create = (PFN_vkCreateInstance)g.get(NULL, "vkCreateInstance");
  application.apiVersion = VK_API_VERSION_1_1;
  instance.pApplicationInfo = &application;
  check(create(&instance, NULL, &g.instance), "vkCreateInstance (Wine needs an X display)");
#define FIND(name)                                            \
  g.name = (PFN_##name)g.get(g.instance, #name);              \
  if (g.name == NULL) host_fail("Vulkan has no " #name);
  FUNCTIONS(FIND)
#undef FIND
  result = g.vkEnumeratePhysicalDevices(g.instance, &count, &g.physical);
  if (count == 0 || (result != VK_SUCCESS && result != VK_INCOMPLETE)) host_fail("there is no Vulkan device");
  g.vkGetPhysicalDeviceProperties(g.physical, &properties);
  printf("%s, Vulkan %u.%u\n", properties.deviceName, VK_VERSION_MAJOR(properties.apiVersion),
         VK_VERSION_MINOR(properties.apiVersion));
  g.family = compute_family(&g);
  queue.queueFamilyIndex = g.family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  device.queueCreateInfoCount = 1;
  device.pQueueCreateInfos = &queue;
  check(g.vkCreateDevice(g.physical, &device, NULL, &g.device), "vkCreateDevice");
  g.vkGetDeviceQueue(g.device, g.family, 0, &g.queue);
  pool.queueFamilyIndex = g.family;
  check(g.vkCreateCommandPool(g.device, &pool, NULL, &g.pool), "vkCreateCommandPool");
  buffers.commandPool = g.pool;
  buffers.commandBufferCount = 1;
  check(g.vkAllocateCommandBuffers(g.device, &buffers, &g.commands), "vkAllocateCommandBuffers");
  return g;
}

static void close_gpu(const gpu *g) {
  g->vkDestroyCommandPool(g->device, g->pool, NULL);
  g->vkDestroyDevice(g->device, NULL);
  g->vkDestroyInstance(g->instance, NULL);
}

static VkDeviceMemory allocate(const gpu *g, VkMemoryRequirements needs, VkMemoryPropertyFlags flags) {
  VkPhysicalDeviceMemoryProperties memory;
  VkMemoryAllocateInfo info = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  VkDeviceMemory result;
  uint32_t i;
  g->vkGetPhysicalDeviceMemoryProperties(g->physical, &memory);
  for (i = 0; i < memory.memoryTypeCount; i++) {
    bool fits = (needs.memoryTypeBits >> i & 1) != 0;
    if (fits && (memory.memoryTypes[i].propertyFlags & flags) == flags) break;
  }
  if (i == memory.memoryTypeCount) host_fail("the device has no memory for that");
  info.allocationSize = needs.size;
  info.memoryTypeIndex = i;
  check(g->vkAllocateMemory(g->device, &info, NULL, &result), "vkAllocateMemory");
  return result;
}

static void begin(const gpu *g) {
  VkCommandBufferBeginInfo info = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  check(g->vkResetCommandPool(g->device, g->pool, 0), "vkResetCommandPool");
  check(g->vkBeginCommandBuffer(g->commands, &info), "vkBeginCommandBuffer");
}

static void submit(const gpu *g) {
  VkSubmitInfo info = {VK_STRUCTURE_TYPE_SUBMIT_INFO};
  check(g->vkEndCommandBuffer(g->commands), "vkEndCommandBuffer");
  info.commandBufferCount = 1;
  info.pCommandBuffers = &g->commands;
  check(g->vkQueueSubmit(g->queue, 1, &info, VK_NULL_HANDLE), "vkQueueSubmit");
  check(g->vkQueueWaitIdle(g->queue), "vkQueueWaitIdle");
}

static void to_layout(const gpu *g, VkImage image, VkImageLayout from, VkImageLayout to) {
  VkImageMemoryBarrier barrier = {VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER};
  barrier.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
  barrier.oldLayout = from;
  barrier.newLayout = to;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = image;
  barrier.subresourceRange.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT;
  barrier.subresourceRange.levelCount = barrier.subresourceRange.layerCount = 1;
  g->vkCmdPipelineBarrier(g->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL,
                          0, NULL, 1, &barrier);
}

/* Frames until the decode is recorded; the layout of the image is GENERAL before and after. */
static void play(const host_library *library, const gpu *g, neuvol_context context, neuvol_ticket ticket) {
  uint64_t frame;
  for (frame = 1; frame < 20000; frame++) {
    neuvol_result recorded, status;
    begin(g);
    recorded = library->neuvol_context_record(context, g->commands, frame, frame - 1);
    submit(g);
    host_require(library, recorded, "record");
    status = library->neuvol_decode_status(context, ticket);
    if (status == NEUVOL_OK) {
      printf("%lu frames; ", (unsigned long)frame);
      return;
    }
    host_require(library, status, "the decode");
    if (recorded == NEUVOL_NOT_READY) host_sleep_ms(2);
  }
  host_fail("the decode never ends");
}

/* Texels of the image, mapped into `memory` of the host's own. */
static void read_back(const gpu *g, VkImage image, VkExtent3D extent, float *texels, size_t bytes) {
  VkBufferCreateInfo info = {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  VkBufferImageCopy copy;
  VkMemoryRequirements needs;
  VkDeviceMemory memory;
  VkBuffer buffer;
  void *mapped;
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  check(g->vkCreateBuffer(g->device, &info, NULL, &buffer), "vkCreateBuffer");
  g->vkGetBufferMemoryRequirements(g->device, buffer, &needs);
  memory = allocate(g, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  check(g->vkBindBufferMemory(g->device, buffer, memory, 0), "vkBindBufferMemory");
  memset(&copy, 0, sizeof copy);
  copy.imageSubresource.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT;
  copy.imageSubresource.layerCount = 1;
  copy.imageExtent = extent;
  begin(g);
  to_layout(g, image, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
  g->vkCmdCopyImageToBuffer(g->commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, buffer, 1, &copy);
  submit(g);
  check(g->vkMapMemory(g->device, memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
  memcpy(texels, mapped, bytes);
  g->vkDestroyBuffer(g->device, buffer, NULL);
  g->vkFreeMemory(g->device, memory, NULL);
}

/* The largest error as a share of the range; infinite if a voxel is valid in one and not in the other, or all are 0. */
static double error_of(const float *texels, const float *wanted, size_t count, double range) {
  double largest = 0, sum = 0;
  size_t i;
  for (i = 0; i < count; i++) {
    double error;
    if (isnan(wanted[i])) {
      if (texels[i] != INVALID) return INFINITY;
      continue;
    }
    error = fabs((double)texels[i] - (double)wanted[i]) / range;
    if (!(error <= largest)) largest = error;
    sum += fabs((double)texels[i]);
  }
  return sum > 0 ? largest : INFINITY;
}

static bool decode_into_texture(const host_library *library, const gpu *g, neuvol_context context, neuvol_volume volume,
                                const neuvol_variable_info *info, double time, neuvol_write_path path,
                                const float *wanted, double range) {
  VkImageCreateInfo create = {VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
  VkExtent3D extent = {info->dims[0], info->dims[1], info->dims[2]};
  size_t count = (size_t)extent.width * extent.height * extent.depth;
  float *texels = host_memory(count * sizeof *texels);
  VkMemoryRequirements needs;
  VkDeviceMemory memory;
  VkImage image;
  neuvol_texture_desc desc;
  neuvol_submit_desc wish;
  neuvol_texture texture;
  neuvol_ticket ticket;
  double error;
  create.imageType = VK_IMAGE_TYPE_3D;
  create.format = VK_FORMAT_R32_SFLOAT;
  create.extent = extent;
  create.mipLevels = create.arrayLayers = 1;
  create.samples = VK_SAMPLE_COUNT_1_BIT;
  create.usage = VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
  check(g->vkCreateImage(g->device, &create, NULL, &image), "vkCreateImage");
  g->vkGetImageMemoryRequirements(g->device, image, &needs);
  memory = allocate(g, needs, 0);
  check(g->vkBindImageMemory(g->device, image, memory, 0), "vkBindImageMemory");
  begin(g);
  to_layout(g, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_GENERAL);
  submit(g);

  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  desc.texel = NEUVOL_TEXEL_R32F;
  desc.path = path;
  desc.layout = VK_IMAGE_LAYOUT_GENERAL;
  memcpy(desc.dims, info->dims, sizeof desc.dims);
  memcpy(&desc.image, &image, sizeof desc.image);
  host_require(library, library->neuvol_texture_register(context, &desc, &texture), "register");
  memset(&wish, 0, sizeof wish);
  wish.struct_size = sizeof wish;
  wish.volume = volume;
  wish.texture = texture;
  wish.time = time;
  memcpy(wish.box_max, info->dims, sizeof wish.box_max);
  wish.invalid = INVALID;
  host_require(library, library->neuvol_decode_submit(context, &wish, &ticket), "submit");
  play(library, g, context, ticket);
  read_back(g, image, extent, texels, count * sizeof *texels);
  error = error_of(texels, wanted, count, range);
  printf("%s: largest error %.2e of the range, at most %.0e may be\n", path == NEUVOL_WRITE_PATH_STORE ? "stored" : "copied",
         error, BOUND);
  host_require(library, library->neuvol_texture_unregister(context, texture), "unregister");
  g->vkDestroyImage(g->device, image, NULL);
  g->vkFreeMemory(g->device, memory, NULL);
  free(texels);
  return error <= BOUND;
}

bool host_vulkan(const host_library *library, neuvol_volume volume, const neuvol_variable_info *info, double time,
                 const float *wanted, double range) {
  gpu g = open_gpu();
  neuvol_vulkan_desc desc;
  neuvol_budget budget;
  neuvol_context context;
  bool stored, copied;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  desc.abi_version = NEUVOL_ABI_VERSION;
  desc.queue_family = g.family;
  desc.instance = g.instance;
  desc.physical_device = g.physical;
  desc.device = g.device;
  desc.get_instance_proc_addr = (void *)g.get;
  host_require(library, library->neuvol_context_create_vulkan(&desc, &context), "a context");
  memset(&budget, 0, sizeof budget);
  budget.struct_size = sizeof budget;
  budget.gpu_us = 100000;
  host_require(library, library->neuvol_context_set_budget(context, &budget), "a budget");
  stored = decode_into_texture(library, &g, context, volume, info, time, NEUVOL_WRITE_PATH_STORE, wanted, range);
  copied = decode_into_texture(library, &g, context, volume, info, time, NEUVOL_WRITE_PATH_COPY, wanted, range);
  host_require(library, library->neuvol_context_destroy(context), "destroy");
  close_gpu(&g);
  return stored && copied;
}
