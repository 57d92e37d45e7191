//! Random requests, cancels, textures that go, volumes that are closed, devices that are lost: for a while, or for minutes with
//! `NEUVOL_STRESS_SECONDS`.

use super::host::{HeadlessHost, Target, messages};
use super::{PATIENCE, compare, context, expected, latents_volume, mixed_volume, play, register, request};
use neuvol_engine::vulkan::{Limits, Texel, WritePath};
use neuvol_engine::{Budget, Context, Error, Precision, Request, TextureRequest, TicketStatus, Volume};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What was done.
#[derive(Default)]
struct Counts {
    contexts: u64,
    lost: u64,
    requests: u64,
    done: u64,
    cancelled: u64,
    failed: u64,
    textures: u64,
    unregistered: u64,
    volumes: u64,
    frames: u64,
    blocks: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} contexts ({} of them lost their device), ", self.contexts, self.lost)?;
        write!(f, "{} requests ({} done, {} cancelled, ", self.requests, self.done, self.cancelled)?;
        write!(f, "{} failed with the device), ", self.failed)?;
        write!(f, "{} textures ({} unregistered before the end), ", self.textures, self.unregistered)?;
        write!(f, "{} volumes closed, {} blocks in {} frames", self.volumes, self.blocks, self.frames)
    }
}

/// A context and what its host knows of it.
struct Life<'a> {
    host: &'a mut HeadlessHost,
    context: Context,
    textures: Vec<(u64, Target)>,
    tickets: Vec<u64>,
    frame: u64,
}

#[test]
fn nothing_breaks_under_random_use() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let seconds = std::env::var("NEUVOL_STRESS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6.0);
    let mut rng = SmallRng::seed_from_u64(11);
    let volumes = [mixed_volume(), latents_volume(1), latents_volume(3)];
    let mut counts = Counts::default();
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < seconds {
        // Too little memory for everything at once.
        let stage = rng.random();
        let limits =
            Limits { model_bytes: 256 << 10, always_stage: stage, staging_bytes: 64 << 10, ..Limits::default() };
        let context = context(&host, limits);
        let mut life = Life { host: &mut host, context, textures: Vec::new(), tickets: Vec::new(), frame: 0 };
        let end = Instant::now() + Duration::from_secs_f64(rng.random_range(0.5..3.0));
        while Instant::now() < end {
            life.act(&mut rng, &volumes, &mut counts);
            life.draw(&mut counts);
        }
        if counts.contexts % 3 == 1 {
            life.lose(&volumes[0], &mut counts);
        } else {
            life.settle(&volumes, &mut rng, &mut counts);
        }
        life.end(&mut counts);
    }
    println!("{seconds} s: {counts}");
    assert!(counts.done > 0 && counts.frames > 0, "{counts}");
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

impl Life<'_> {
    /// Something that a host may do in a frame.
    fn act(&mut self, rng: &mut SmallRng, volumes: &[Arc<Volume>; 3], counts: &mut Counts) {
        match rng.random_range(0..20) {
            0 if self.textures.len() < 6 => {
                let path = [WritePath::Store, WritePath::Copy][rng.random_range(0..2)];
                let target = self.host.target([12, 20, 38], Texel::ALL[rng.random_range(0..6)], path);
                self.host.enter(&target);
                self.textures.push((register(&self.context, &target, Some(path.target().0)), target));
                counts.textures += 1;
            }
            1 if self.textures.len() > 2 => {
                // Every frame so far is finished.
                let (texture, target) = self.textures.swap_remove(rng.random_range(0..self.textures.len()));
                assert!(self.context.unregister(texture));
                self.host.destroy(target);
                counts.unregistered += 1;
            }
            2 if !self.tickets.is_empty() => {
                let late = self.tickets.len().saturating_sub(8);
                self.context.cancel(self.tickets[rng.random_range(late..self.tickets.len())]);
            }
            3 if rng.random_range(0..10) == 0 => {
                self.context.forget(rng.random_range(0..3));
                counts.volumes += 1;
            }
            4..10 if !self.textures.is_empty() => {
                let key = rng.random_range(0..3usize);
                let request = self.random_request(rng, &volumes[key]);
                let ticket = self.context.submit(key as u64, &volumes[key], &request).expect("a valid request");
                self.tickets.push(ticket);
                counts.requests += 1;
            }
            10 => {
                let gpu_us = rng.random_range(0.0..5000.0);
                self.context.set_budget(Budget { gpu_us, ..Budget::default() }).expect("a budget");
            }
            _ => {}
        }
    }

    fn random_request(&self, rng: &mut SmallRng, volume: &Volume) -> TextureRequest {
        let level = rng.random_range(0..4);
        let dims = volume.variable(0).expect("there is one").level_dims(level);
        let mut source = Request::whole(0, dims, rng.random_range(0.0..4.0));
        source.level = level;
        source.min = dims.map(|n| rng.random_range(0..n));
        source.max = std::array::from_fn(|a| rng.random_range(source.min[a]..dims[a]) + 1);
        source.precision = if rng.random() { Precision::Exact } else { Precision::Fast };
        TextureRequest {
            priority: rng.random_range(0.0..2.0),
            time_velocity: rng.random_range(-3.0..3.0),
            invalid: 0.5,
            replace: rng.random_range(0..8) == 0,
            ..request(source, self.textures[rng.random_range(0..self.textures.len())].0)
        }
    }

    fn draw(&mut self, counts: &mut Counts) {
        self.frame += 1;
        let Some(work) = self.context.begin(self.frame, self.frame - 1) else { return std::thread::yield_now() };
        let is_known = |id| self.textures.iter().any(|(texture, _)| *texture == id);
        assert!(work.textures().iter().all(|written| is_known(written.id)), "a texture that is gone");
        // SAFETY: the command buffer is being recorded, the textures in their layouts.
        self.host.submit(|_, commands| unsafe { work.record(commands) });
        counts.frames += 1;
    }

    /// All that is left is done; then a whole field is right.
    fn settle(&mut self, volumes: &[Arc<Volume>; 3], rng: &mut SmallRng, counts: &mut Counts) {
        self.context.set_budget(Budget { gpu_us: 1e6, ..Budget::default() }).expect("a budget");
        let start = Instant::now();
        while self.tickets.iter().any(|ticket| matches!(self.status(*ticket), Some(TicketStatus::Waiting { .. }))) {
            assert!(start.elapsed() < PATIENCE, "{:?}", self.context.stats());
            self.draw(counts);
        }
        let key = rng.random_range(0..3usize);
        let dims = volumes[key].variable(0).expect("there is one").dims;
        let target = self.host.target(dims, Texel::R32F, WritePath::Store);
        let texture = register(&self.context, &target, None);
        let whole = request(Request::whole(0, dims, rng.random_range(0.0..4.0)), texture);
        let ticket = self.context.submit(key as u64, &volumes[key], &whole).expect("a valid request");
        let bytes = play(self.host, &self.context, &target, ticket, &mut self.frame);
        let error = compare(&bytes, dims, &whole, &expected(&volumes[key], &whole.source));
        assert!(error < 1e-4, "{error} at {}", whole.source.time);
        assert!(self.context.unregister(texture));
        self.host.destroy(target);
    }

    fn status(&self, ticket: u64) -> Option<TicketStatus> {
        self.context.status(ticket)
    }

    /// The device is lost while requests wait: they fail, and so does everything behind them.
    fn lose(&mut self, volume: &Arc<Volume>, counts: &mut Counts) {
        self.context.set_device_lost();
        counts.lost += 1;
        assert!(self.context.begin(self.frame + 1, self.frame).is_none(), "nothing is recorded any more");
        // A worker may just be making a packet.
        let start = Instant::now();
        while self.tickets.iter().any(|ticket| matches!(self.status(*ticket), Some(TicketStatus::Waiting { .. }))) {
            assert!(start.elapsed() < PATIENCE, "{:?}", self.context.stats());
            std::thread::sleep(Duration::from_millis(1));
        }
        let error = self.context.submit(0, volume, &request(Request::whole(0, [1; 3], 0.0), 0));
        assert!(matches!(error, Err(Error::DeviceLost)), "{error:?}");
    }

    fn end(self, counts: &mut Counts) {
        for ticket in &self.tickets {
            match self.status(*ticket) {
                Some(TicketStatus::Done { .. }) => counts.done += 1,
                Some(TicketStatus::Cancelled) => counts.cancelled += 1,
                Some(TicketStatus::Failed(error)) if matches!(*error, Error::DeviceLost) => counts.failed += 1,
                // So old that it is forgotten.
                None => {}
                other => panic!("{other:?}"),
            }
        }
        counts.contexts += 1;
        counts.blocks += self.context.stats().blocks;
        drop(self.context);
        for (_, target) in self.textures {
            self.host.destroy(target);
        }
    }
}
