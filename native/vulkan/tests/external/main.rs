//! Texels that another API has written, on their way into textures: a second device on the same GPU stands for the other API,
//! as CUDA needs a GPU of its own. Under the validation layers with synchronization validation; in CI on lavapipe.
//!
//! `NEUVOL_REQUIRE_VULKAN=1` makes a missing driver an error, or one that cannot share memory.
#![cfg(unix)]
#![allow(unreachable_pub, reason = "modules of one test")]

#[path = "../headless/host.rs"]
mod host;
mod listener;
mod peer;
#[path = "../../../plan/tests/common/texels.rs"]
mod texels;

use ash::vk;
use host::{HeadlessHost, Target, messages};
use listener::{Heard, heard, listened};
use neuvol_vulkan::{
    Error, Features, Gpu, Limits, Packet, Ring, Slot, Texel, Texels, Texture, Timeline, Transfer, WritePath,
};
use peer::{Peer, Values};
use std::collections::VecDeque;
use texels::{channels, expected, rounding, texels};

/// What textures are filled with before.
const BEFORE: u8 = 0x11;
const UNORM: (f32, f32) = (-2.0, 2.0);

/// A host whose memory can be shared.
fn sharing_host() -> Option<HeadlessHost> {
    let host = HeadlessHost::new()?;
    if host.features().external_memory {
        return Some(host);
    }
    assert!(std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_none(), "this driver cannot share memory");
    eprintln!("skipped: this driver has no VK_KHR_external_memory_fd");
    None
}

/// Numbers of -2..2 that differ from seed to seed, a little beyond the range of R8 and R16.
fn values(texel: Texel, texels: Texels, seed: u32) -> Values {
    let number = |n: u32| {
        let mixed = n.wrapping_add(seed << 16).wrapping_mul(0x9E37_79B1);
        ((mixed ^ mixed >> 15) % 8192) as f32 / 2000.0 - 2.04
    };
    Values { values: (0..texels.size.iter().product()).map(number).collect(), texel, unorm: UNORM, texels }
}

/// Checks the texels of a box, against what decoding would store there.
fn check_box(found: &[[f32; 4]], extent: [u32; 3], values: &Values) {
    let Texels { size, to, .. } = values.texels;
    let whole = ([0; 3], size);
    let right = expected(&values.values, &|_| true, size, whole, (values.unorm, 0.0), values.texel);
    let (inside, _) = texels::inside(found, extent, to, size);
    assert_eq!(inside.len(), right.len());
    for (n, (found, right)) in inside.iter().zip(&right).enumerate() {
        for channel in 0..channels(values.texel) {
            let error = (found[channel] - right[channel]).abs();
            assert!(
                error <= rounding(values.texel, right[channel]),
                "{:?} at {to:?}, texel {n}, channel {channel}: {found:?}, not {right:?}",
                values.texel
            );
        }
    }
}

/// Records a packet with these copies; what the texture holds then. The packet is not given back.
fn show(
    host: &mut HeadlessHost,
    gpu: &Gpu,
    target: &Target,
    number: u32,
    transfers: &[Transfer<'_>],
) -> (Vec<[f32; 4]>, Packet) {
    let packet = gpu.prepare_copies(number, transfers).expect("copies that fit");
    // SAFETY: the command buffer is being recorded; the host waits for it.
    let bytes = host.run(target, BEFORE, |commands| unsafe { gpu.record(commands, &packet) });
    (texels(&bytes, target.texel), packet)
}

fn retire(gpu: &Gpu, packet: Packet) {
    // SAFETY: the queue is idle.
    let time = unsafe { gpu.retire(packet) }.expect("a living device");
    assert!(time.is_some_and(|time| time > 0.0), "{time:?}");
}

/// How the host has the image, and what it says of it.
#[derive(Clone, Copy, Debug)]
enum Kept {
    /// In the layout of copies.
    ForCopies,
    /// In `GENERAL`, which packets are told of.
    General,
    /// In the layout of stores, which can be copied to as well.
    ForStores,
    /// The same, and packets are told of the layout.
    ForStoresAndTold,
}

impl Kept {
    const ALL: [Self; 4] = [Self::ForCopies, Self::General, Self::ForStores, Self::ForStoresAndTold];

    fn make(self, host: &mut HeadlessHost, gpu: &Gpu, extent: [u32; 3], texel: Texel) -> (Target, Texture) {
        let (path, is_store, layout) = match self {
            Self::ForCopies => (WritePath::Copy, false, None),
            Self::General => (WritePath::Store, false, Some(vk::ImageLayout::GENERAL)),
            Self::ForStores => (WritePath::Store, true, None),
            Self::ForStoresAndTold => (WritePath::Store, true, Some(vk::ImageLayout::GENERAL)),
        };
        let target = host.target(extent, texel, path);
        let path = if is_store { WritePath::Store } else { WritePath::Copy };
        // SAFETY: the image is as described, and can be copied to.
        let texture = unsafe {
            let texture = gpu.register(target.image, extent, texel, path, layout).expect("a texture");
            if is_store { texture.allow_copies() } else { texture }
        };
        (target, texture)
    }
}

#[test]
fn what_another_device_writes_is_shown() {
    let Some(mut host) = sharing_host() else { return };
    let gpu = host.gpu(Limits::default());
    let peer = Peer::new(&host);
    let ring = gpu.ring(16 << 10, 2).expect("a ring");
    let shared = peer.import(ring.export().expect("a handle"), ring.bytes());
    let extent = [20, 24, 40];
    // Of two slots: extent, and where it goes.
    let boxes = [
        (0, [7, 5, 9], [1, 2, 3]),
        (0, [4, 4, 4], [10, 10, 10]),
        (0, [1, 1, 1], [19, 23, 39]),
        (1, [3, 9, 13], [12, 0, 20]),
        (1, [8, 3, 1], [0, 20, 0]),
    ];
    let extended = host.features().extended_formats;
    for texel in Texel::ALL {
        for (seed, kept) in Kept::ALL.into_iter().enumerate() {
            let is_store = matches!(kept, Kept::ForStores | Kept::ForStoresAndTold);
            if is_store && !extended && !matches!(texel, Texel::R32F | Texel::Rgba16F) {
                continue;
            }
            let slots = [ring.take().expect("a slot"), ring.take().expect("a slot")];
            let mut ends = [0; 2];
            let boxes = boxes.map(|(slot, size, to)| {
                let texels = Texels::new(texel, ends[slot], size, to);
                ends[slot] += texels.words();
                (&slots[slot], values(texel, texels, seed as u32))
            });
            peer.write(&shared, &boxes.each_ref().map(|(slot, values)| (*slot, values)));
            let (target, texture) = kept.make(&mut host, &gpu, extent, texel);
            let transfers = boxes.each_ref().map(|(slot, values)| values.transfer(slot, &texture));
            let (found, packet) = show(&mut host, &gpu, &target, 0, &transfers);
            let untouched = texels(&vec![BEFORE; texel.bytes() as usize], texel)[0];
            let mut inside = 0;
            for (_, values) in &boxes {
                check_box(&found, extent, values);
                inside += values.values.len();
            }
            let outside = found.iter().filter(|found| **found == untouched).count();
            assert!(outside + inside >= found.len(), "{texel:?}, {kept:?}: texels beside the boxes were written");
            retire(&gpu, packet);
            // SAFETY: the queue is idle.
            unsafe { gpu.unregister(texture) };
            host.destroy(target);
        }
    }
    peer.destroy(shared);
    drop((ring, gpu, peer));
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn slots_are_reused_only_after_their_packet_is_retired() {
    let Some(mut host) = sharing_host() else { return };
    let gpu = host.gpu(Limits::default());
    let peer = Peer::new(&host);
    let extent = [3, 5, 7];
    let texels = Texels::new(Texel::R32F, 0, extent, [0; 3]);
    let ring = gpu.ring(u64::from(texels.words()) * 4, 2).expect("a ring");
    let shared = peer.import(ring.export().expect("a handle"), ring.bytes());
    let (target, texture) = Kept::ForCopies.make(&mut host, &gpu, extent, Texel::R32F);
    let mut flying = VecDeque::new();
    let mut used = [0; 2];
    for frame in 0..20 {
        if flying.len() == 2 {
            assert!(ring.take().is_none(), "frame {frame}: both slots are on their way");
            let (packet, index): (_, u32) = flying.pop_front().expect("the older one");
            retire(&gpu, packet);
            assert_eq!(ring.free_slots(), 1);
            assert_eq!(ring.take().map(|slot| slot.index()), Some(index), "frame {frame}");
        }
        let slot = ring.take().expect("a slot");
        let index = slot.index();
        used[index as usize] += 1;
        let written = values(Texel::R32F, texels, frame);
        peer.write(&shared, &[(&slot, &written)]);
        let (found, packet) = show(&mut host, &gpu, &target, frame % 4, &[written.transfer(&slot, &texture)]);
        drop(slot);
        assert_eq!(ring.free_slots(), u32::from(frame == 0), "the packet keeps the slot");
        check_box(&found, extent, &written);
        flying.push_back((packet, index));
    }
    assert_eq!(used, [10, 10]);
    flying.into_iter().for_each(|(packet, _)| retire(&gpu, packet));

    // A packet that was never recorded gives its slot back, too; whoever wrote it may keep it.
    let slot = ring.take().expect("a slot");
    let transfer = Transfer { slot: &slot, texels, texture: &texture };
    let packet = gpu.prepare_copies(0, &[transfer, transfer]).expect("copies that fit");
    gpu.withdraw(packet);
    assert_eq!(ring.free_slots(), 1);
    drop(slot);
    assert_eq!(ring.free_slots(), 2);

    let most = gpu.ring(8, 64).expect("a ring");
    let all: Vec<_> = std::iter::from_fn(|| most.take()).collect();
    assert!((0..64).eq(all.iter().map(Slot::index)), "{all:?}");
    assert_eq!((most.free_slots(), most.bytes()), (0, 64 * 256));
    drop((all, most));

    // SAFETY: the queue is idle.
    unsafe { gpu.unregister(texture) };
    host.destroy(target);
    peer.destroy(shared);
    drop((ring, gpu, peer));
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

/// The bytes of texels as they stand in a slot, with rubbish where nothing is to be seen.
fn packed(values: &Values) -> Vec<u8> {
    let (low, high) = values.unorm;
    let row = |row: &[f32]| {
        let mut bytes: Vec<u8> = match values.texel {
            Texel::R8 => row.iter().map(|v| ((v - low) / (high - low) * 255.0).round() as u8).collect(),
            Texel::R16F => row.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect(),
            Texel::R32F => row.iter().flat_map(|v| v.to_le_bytes()).collect(),
            other => panic!("{other:?} is not used here"),
        };
        bytes.resize(bytes.len().next_multiple_of(4), 0xEE);
        bytes
    };
    values.values.chunks(values.texels.size[2] as usize).flat_map(row).collect()
}

fn put(slot: &Slot, at: usize, bytes: &[u8]) {
    let mapped = slot.mapped().expect("memory of the processor");
    assert!(at + bytes.len() <= slot.bytes() as usize);
    // SAFETY: within the slot, which nothing reads yet.
    unsafe { mapped.add(at).copy_from_nonoverlapping(std::ptr::NonNull::from(bytes).cast(), bytes.len()) };
}

#[test]
fn a_staging_ring_needs_no_extension() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let gpu = host.gpu_with(Features { external_memory: false, ..host.features() }, Limits::default());
    let extent = [9, 10, 30];
    let ring = gpu.staging_ring(1 << 10, 3).expect("a ring");
    assert!(!ring.is_shared());
    assert!(ring.export().expect_err("nothing to export").to_string().contains("pointer"));
    let boxes = [([3, 5, 7], [1, 2, 3]), ([2, 3, 6], [5, 6, 20])];
    for frame in 0..9 {
        let texel = [Texel::R8, Texel::R16F, Texel::R32F][frame as usize % 3];
        let (target, texture) = Kept::ALL[frame as usize % 2].make(&mut host, &gpu, extent, texel);
        let slot = ring.take().expect("a slot");
        let start = ring.mapped().expect("memory of the processor");
        // SAFETY: slots lie in the ring.
        assert_eq!(slot.mapped(), Some(unsafe { start.add(slot.offset() as usize) }));
        let mut at = 0;
        let written = boxes.map(|(size, to)| {
            let mut values = values(texel, Texels::new(texel, at, size, to), frame);
            values.values.iter_mut().for_each(|value| *value = value.clamp(UNORM.0, UNORM.1));
            let bytes = packed(&values);
            put(&slot, at as usize * 4, &bytes);
            assert_eq!(bytes.len().next_multiple_of(8) as u32, values.texels.words() * 4);
            at += values.texels.words();
            values
        });
        let transfers = written.each_ref().map(|values| values.transfer(&slot, &texture));
        let (found, packet) = show(&mut host, &gpu, &target, frame % 4, &transfers);
        for values in &written {
            check_box(&found, extent, values);
        }
        retire(&gpu, packet);
        // SAFETY: the queue is idle.
        unsafe { gpu.unregister(texture) };
        host.destroy(target);
    }
    drop((ring, gpu));
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn slots_are_acquired_before_the_copies_and_released_behind_them() {
    let Some(mut host) = sharing_host() else { return };
    // SAFETY: the handles are the host's, which outlives the `Gpu`.
    let gpu = unsafe { Gpu::new(listened(host.handle()), Limits::default()) }.expect("a Gpu");
    let extent = [4, 4, 4];
    let texel = Texel::R32F;
    let (own, outside) = (host.handle().queue_family, vk::QUEUE_FAMILY_EXTERNAL);
    let (none, read) = (vk::AccessFlags::empty(), vk::AccessFlags::TRANSFER_READ);
    let (general, dst) = (vk::ImageLayout::GENERAL, vk::ImageLayout::TRANSFER_DST_OPTIMAL);
    let (target, texture) = Kept::ForStores.make(&mut host, &gpu, extent, texel);
    let shared = gpu.ring(520, 2).expect("a ring");
    let staging = gpu.staging_ring(520, 2).expect("a ring");
    let mut record = |ring: &Ring| {
        // The second one, which does not begin at 0.
        let (first, slot) = (ring.take().expect("a slot"), ring.take().expect("a slot"));
        drop(first);
        let transfer = |first, z| Transfer {
            slot: &slot,
            texels: Texels::new(texel, first, [1, 4, 4], [z, 0, 0]),
            texture: &texture,
        };
        heard();
        let (_, packet) = show(&mut host, &gpu, &target, 0, &[transfer(0, 1), transfer(16, 0)]);
        retire(&gpu, packet);
        heard()
    };
    let hand_over = |from, to, access| Heard::HandOver { from, to, access, offset: 768, size: 520 };
    assert_eq!(
        record(&shared),
        [
            Heard::Layout { from: general, to: dst },
            hand_over(outside, own, read),
            Heard::Copy(768),
            Heard::Copy(768 + 64),
            hand_over(own, outside, none),
            Heard::Layout { from: dst, to: general },
        ]
    );
    assert_eq!(
        record(&staging),
        [
            Heard::Layout { from: general, to: dst },
            Heard::Copy(768),
            Heard::Copy(768 + 64),
            Heard::Layout { from: dst, to: general },
        ]
    );
    // SAFETY: the queue is idle.
    unsafe { gpu.unregister(texture) };
    host.destroy(target);
    drop((shared, staging, gpu));
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn what_cannot_be_is_said() {
    let Some(mut host) = sharing_host() else { return };
    let without = host.gpu_with(Features { external_memory: false, ..host.features() }, Limits::default());
    let error = without.ring(1 << 10, 2).expect_err("not enabled");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let text = error.to_string();
    for word in ["VK_KHR_external_memory_fd", "when the device is made", "memory of the processor"] {
        assert!(text.contains(word), "{text}");
    }
    drop(without);

    let gpu = host.gpu(Limits::default());
    let refused = |slot_bytes, slots| gpu.ring(slot_bytes, slots).expect_err("wrong sizes").to_string();
    assert!(refused(0, 2).contains("slot_bytes is 0"));
    assert!(refused(1 << 10, 65).contains("slots is 65"));
    assert!(refused(1 << 30, 2).contains("fewer or smaller"));

    let peer = Peer::new(&host);
    // SAFETY: the handles are alive until it is dropped.
    let other = unsafe { Gpu::new(peer.handle(), Limits::default()) }.expect("a Gpu on the second device");
    let (ring, foreign) = (gpu.ring(1 << 10, 2).expect("a ring"), other.ring(1 << 10, 2).expect("a ring"));
    let (slot, foreign_slot) = (ring.take().expect("a slot"), foreign.take().expect("a slot"));
    let extent = [6, 6, 6];
    let (target, texture) = Kept::ForCopies.make(&mut host, &gpu, extent, Texel::R32F);
    let stored_to = host.target(extent, Texel::R32F, WritePath::Store);
    let only_stored_to = host.register(&gpu, &stored_to);
    assert!(texture.takes_copies() && !only_stored_to.takes_copies());
    let texels = Texels::new(Texel::R32F, 0, extent, [0; 3]);
    let fine = Transfer { slot: &slot, texels, texture: &texture };
    let refused = |transfer| gpu.prepare_copies(0, &[fine, transfer]).expect_err("it does not fit").to_string();
    assert!(refused(Transfer { slot: &foreign_slot, ..fine }).contains("another device"));
    let text = refused(Transfer { texture: &only_stored_to, ..fine });
    assert!(text.contains("TRANSFER_DST") && text.contains("decode with Vulkan"), "{text}");
    let refused = |texels| refused(Transfer { texels, ..fine });
    assert!(refused(Texels { to: [0, 1, 0], ..texels }).contains("y range 1..+6"));
    assert!(refused(Texels { size: [6, 6, 0], ..texels }).contains("x range 0..+0 is empty"));
    assert!(refused(Texels { to: [u32::MAX, 0, 0], ..texels }).contains("z range"));
    assert!(refused(Texels::new(Texel::R16F, 0, extent, [0; 3])).contains("rows of 3 words, not those of R32F"));
    assert!(refused(Texels::new(Texel::R32F, 1, [1; 3], [0; 3])).contains("must be even"));
    assert!(refused(Texels { first: 42, ..texels }).contains("216 words must fit the slot's 256"));
    assert!(refused(Texels { first: u32::MAX - 1, ..texels }).contains("must fit"));
    assert!(gpu.prepare_copies(9, &[fine]).expect_err("no such packet").to_string().contains("slot is 9"));
    let last = Transfer { texels: Texels { first: 40, ..texels }, ..fine };
    gpu.withdraw(gpu.prepare_copies(0, &[last]).expect("it just fits"));
    drop((slot, foreign_slot, ring, foreign, other));
    // SAFETY: the queue is idle.
    unsafe {
        gpu.unregister(texture);
        gpu.unregister(only_stored_to);
    }
    host.destroy(target);
    host.destroy(stored_to);
    drop((gpu, peer));
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[cfg(target_os = "linux")]
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, |list| list.count())
}

#[test]
#[cfg(target_os = "linux")]
fn no_handle_is_left_open() {
    let Some(host) = sharing_host() else { return };
    let gpu = host.gpu(Limits::default());
    let peer = Peer::new(&host);
    // What a driver opens once and keeps.
    let first = gpu.ring(4 << 10, 2).expect("a ring");
    peer.destroy(peer.import(first.export().expect("a handle"), first.bytes()));
    drop(first);
    let before = open_files();
    for _ in 0..3 {
        let ring = gpu.ring(4 << 10, 2).expect("a ring");
        let own = open_files();
        let exported: Vec<_> = (0..5).map(|_| ring.export().expect("a handle")).collect();
        assert_eq!(open_files(), own + 5, "each export has a handle of its own");
        assert!(exported.iter().all(|exported| exported.size >= ring.bytes()));
        drop(exported);
        assert_eq!(open_files(), own, "a handle that nobody imported is closed");
        let shared = peer.import(ring.export().expect("a handle"), ring.bytes());
        peer.destroy(shared);
        assert_eq!(open_files(), own, "the one that was imported went with the import");
        // Slots keep the memory.
        let slot = ring.take().expect("a slot");
        drop(ring);
        assert_eq!(slot.bytes(), 4 << 10);
        drop(slot);
        drop(gpu.staging_ring(4 << 10, 2).expect("a ring"));
        assert_eq!(open_files(), before, "the ring is gone");
    }
    drop((gpu, peer));
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn the_device_is_known_by_its_identity() {
    let Some(host) = HeadlessHost::new() else { return };
    let gpu = host.gpu(Limits::default());
    let identity = gpu.identity().expect("Vulkan 1.1");
    let mut ids = vk::PhysicalDeviceIDProperties::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut ids);
    // SAFETY: the instance is alive and of Vulkan 1.1.
    unsafe { host.instance.get_physical_device_properties2(host.handle().physical_device, &mut properties) };
    assert_ne!(identity.device_uuid, [0; 16]);
    assert_eq!(identity.device_uuid, ids.device_uuid);
    assert_eq!(identity.device_luid, (ids.device_luid_valid == vk::TRUE).then_some(ids.device_luid));
    drop(gpu);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn a_timeline_is_polled() {
    let Some(host) = HeadlessHost::new() else { return };
    let features = host.features();
    let without = host.gpu_with(Features { external_semaphore: false, ..features }, Limits::default());
    let text = without.timeline().expect_err("not enabled").to_string();
    assert!(text.contains("VK_KHR_external_semaphore_fd") && text.contains("events of the other API"), "{text}");
    drop(without);
    // Whether or not the device can share one, that is the answer.
    let gpu = host.gpu_with(Features { external_semaphore: true, ..features }, Limits::default());
    match gpu.timeline() {
        Ok(timeline) => {
            assert!(features.external_semaphore);
            assert_eq!(timeline.value().expect("a living device"), 0);
            drop(timeline.export().expect("a handle"));
        }
        Err(error) => {
            assert!(!features.external_semaphore, "{error}");
            let text = error.to_string();
            assert!(text.contains("cannot export timeline semaphores"), "{text}");
        }
    }
    let timeline = Timeline::unshared(&gpu).expect("a semaphore that counts");
    assert!(timeline.export().expect_err("it stays here").to_string().contains("stay on its device"));
    assert_eq!(timeline.value().expect("a living device"), 0);
    for step in [1, 7] {
        let info = vk::SemaphoreSignalInfo::default().semaphore(timeline.semaphore()).value(step);
        // SAFETY: the device is alive and has enabled `timelineSemaphore`.
        unsafe { host.device.signal_semaphore(&info) }.expect("signalled");
        assert_eq!(timeline.value().expect("a living device"), step);
    }
    // The queue signals it as another API would, behind its work.
    let semaphores = [timeline.semaphore()];
    let mut counts = vk::TimelineSemaphoreSubmitInfo::default().signal_semaphore_values(&[20]);
    let submit = [vk::SubmitInfo::default().signal_semaphores(&semaphores).push_next(&mut counts)];
    // SAFETY: as above.
    unsafe { host.device.queue_submit(host.queue, &submit, vk::Fence::null()) }.expect("submitted");
    while timeline.value().expect("a living device") < 20 {
        std::thread::yield_now();
    }
    // SAFETY: as above.
    unsafe { host.device.queue_wait_idle(host.queue) }.expect("it is done");
    drop((timeline, gpu));
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

/// Whether the layers would speak at all: a texture that is said to be in a layout in which it is not.
#[test]
fn a_wrong_layout_is_heard() {
    let Some(mut host) = sharing_host().filter(|host| host.has_layers) else { return };
    let gpu = host.gpu(Limits::default());
    let (mut target, texture) = Kept::ForStores.make(&mut host, &gpu, [4; 3], Texel::R32F);
    let ring = gpu.ring(1 << 10, 2).expect("a ring");
    let slot = ring.take().expect("a slot");
    // The host now brings it into the layout of copies, and packets think that it is in `GENERAL`.
    target.path = WritePath::Copy;
    let texels = Texels::new(Texel::R32F, 0, [4; 3], [0; 3]);
    let transfer = Transfer { slot: &slot, texels, texture: &texture };
    let (_, packet) = show(&mut host, &gpu, &target, 0, &[transfer]);
    retire(&gpu, packet);
    let heard = messages();
    assert!(heard.iter().any(|text| text.contains("ayout")), "the layers said: {heard:?}");
    // SAFETY: the queue is idle.
    unsafe { gpu.unregister(texture) };
    host.destroy(target);
    drop((slot, ring));
}
