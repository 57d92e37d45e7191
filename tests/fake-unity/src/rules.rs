//! What the fake Unity knows while a plugin calls it, and the rules that the plugin broke.

use crate::tables::{DeviceEventCallback, EventConfig, InitCallback, Instance};
use ash::vk;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

/// The tables of functions have no word for who is called: there is one Unity.
static STATE: Mutex<Option<State>> = Mutex::new(None);

/// A texture of Unity.
#[derive(Clone, Copy)]
pub(crate) struct Texture {
    pub(crate) image: vk::Image,
    pub(crate) usage: vk::ImageUsageFlags,
    pub(crate) format: vk::Format,
    pub(crate) extent: vk::Extent3D,
    pub(crate) ty: vk::ImageType,
    /// What it was used for last.
    pub(crate) layout: vk::ImageLayout,
    pub(crate) stages: vk::PipelineStageFlags,
    pub(crate) access: vk::AccessFlags,
}

/// A render event that is running.
pub(crate) struct Running {
    pub(crate) thread: ThreadId,
    pub(crate) outside: bool,
    /// Where commands go; another one after each access.
    pub(crate) commands: vk::CommandBuffer,
    /// Whether the plugin has asked for that since the last access.
    pub(crate) is_fetched: bool,
    /// Images that were accessed for writing in this event.
    pub(crate) accessed: HashSet<vk::Image>,
}

/// Everything.
pub(crate) struct State {
    pub(crate) renderer: i32,
    pub(crate) has_v2: bool,
    pub(crate) callback: Option<DeviceEventCallback>,
    pub(crate) intercepts: Vec<(i32, InitCallback, usize)>,
    pub(crate) next_event: i32,
    pub(crate) configured: HashMap<i32, EventConfig>,
    /// Of a device that exists.
    pub(crate) instance: Option<Instance>,
    /// By native pointer.
    pub(crate) textures: HashMap<usize, Texture>,
    pub(crate) frame: u64,
    pub(crate) safe_frame: u64,
    pub(crate) running: Option<Running>,
    /// The device, for barriers.
    pub(crate) device: Option<ash::Device>,
    /// Free command buffers in the recording state, and those that this frame has used.
    pub(crate) spare: Vec<vk::CommandBuffer>,
    pub(crate) used: Vec<vk::CommandBuffer>,
    /// Frames in which the plugin's objects were used last.
    pub(crate) uses: HashMap<u64, u64>,
    /// Objects that descriptor sets name, by binding and element.
    pub(crate) sets: HashMap<vk::DescriptorSet, HashMap<(u32, u32), u64>>,
    /// Commands of the plugin, and copies to textures among them.
    pub(crate) commands: u64,
    pub(crate) copies: u64,
    violations: Vec<String>,
}

// SAFETY: handles and pointers are numbers here; whoever uses them looks after threads.
unsafe impl Send for State {}

impl State {
    pub(crate) fn new(renderer: i32, has_v2: bool) -> Self {
        Self {
            renderer,
            has_v2,
            callback: None,
            intercepts: Vec::new(),
            next_event: 1000,
            configured: HashMap::new(),
            instance: None,
            textures: HashMap::new(),
            frame: 0,
            safe_frame: 0,
            running: None,
            device: None,
            spare: Vec::new(),
            used: Vec::new(),
            uses: HashMap::new(),
            sets: HashMap::new(),
            commands: 0,
            copies: 0,
            violations: Vec::new(),
        }
    }

    /// Notes a broken rule, each text once.
    pub(crate) fn broken(&mut self, rule: impl Into<String>) {
        let rule = rule.into();
        if !self.violations.contains(&rule) {
            self.violations.push(rule);
        }
    }

    pub(crate) fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The event that runs on this thread; anything else is a broken rule.
    pub(crate) fn in_event(&mut self, what: &str) -> Option<&mut Running> {
        let here = std::thread::current().id();
        if self.running.as_ref().is_none_or(|running| running.thread != here) {
            self.broken(format!("{what} outside of a render event"));
            return None;
        }
        self.running.as_mut()
    }

    /// Whether an image is one of Unity's textures.
    pub(crate) fn owns(&self, image: vk::Image) -> bool {
        self.textures.values().any(|texture| texture.image == image)
    }

    /// Notes that the frame uses an object.
    pub(crate) fn used(&mut self, object: u64) {
        let frame = self.frame;
        self.uses.insert(object, frame);
    }

    /// Checks that an object is not destroyed or changed while the device may use it.
    pub(crate) fn unused(&mut self, what: &str, object: u64) {
        if let Some(&frame) = self.uses.get(&object)
            && frame > self.safe_frame
        {
            self.broken(format!("{what} of an object that frame {frame} uses, safe is {}", self.safe_frame));
        }
    }
}

/// Takes the place of the one Unity, or leaves it.
pub(crate) fn set(state: Option<State>) {
    *lock() = state;
}

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at or changes the state; never while the plugin is called. `None` if there is no Unity.
pub(crate) fn with<T>(body: impl FnOnce(&mut State) -> T) -> Option<T> {
    lock().as_mut().map(body)
}

/// The same where nothing is the same as the default.
pub(crate) fn with_default<T: Default>(body: impl FnOnce(&mut State) -> T) -> T {
    with(body).unwrap_or_default()
}
