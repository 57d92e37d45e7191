//! What a frame may decode: a planner without any device in it.
//!
//! A host gives every frame a budget of GPU time. The planner knows what blocks of each kind have cost so far, chooses the
//! most wanted ones that fit, and learns from what the frame really took, which the device tells some frames later. It never
//! waits, and it is the same for every backend.

use std::collections::VecDeque;

/// Frames whose times are kept for percentiles.
const HISTORY: usize = 512;
/// Share of a budget that is planned: what is left takes the scatter of measurements.
const PLANNED_SHARE: f64 = 0.8;
/// How fast costs follow a measurement: at once where work took longer than foreseen, slowly where it was faster. So a cost
/// stays near the slowest of the last hundred frames, which is what keeps 99 of 100 within their budget.
const UP: f64 = 1.0;
const DOWN: f64 = 0.01;
/// One measurement changes a cost by this factor at most: a frame may have been interrupted by something else.
const MOST_CHANGE: f64 = 8.0;
/// Costs stay above this, in µs per million voxels: 10^12 voxels per second.
const LEAST_COST: f64 = 1.0;
/// Frames after which a block that waits is as urgent as one of twice its priority.
const PATIENCE: f32 = 30.0;

/// A block that waits to be decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// Its kind: blocks of one kind cost the same per voxel. Any small numbers.
    pub class: usize,
    /// Voxels to decode.
    pub voxels: u32,
    /// How much it is wanted; larger comes first. At least 0.
    pub priority: f32,
    /// Frames that it has waited.
    pub waited: u32,
}

/// What a frame does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FramePlan {
    /// Places in the list of waiting blocks, most wanted first.
    pub chosen: Vec<usize>,
    /// The time that this should take, in µs.
    pub predicted: f64,
    /// The budget that it was made for, in µs.
    pub budget: f64,
    /// Voxels of each class.
    voxels: Vec<u64>,
}

impl FramePlan {
    /// A plan of these blocks, whoever chose them.
    #[must_use]
    pub fn of(blocks: &[Waiting], budget: f64) -> Self {
        let mut plan = Self { chosen: (0..blocks.len()).collect(), budget, ..Self::default() };
        blocks.iter().for_each(|block| plan.count(block));
        plan
    }

    fn count(&mut self, block: &Waiting) {
        if self.voxels.len() <= block.class {
            self.voxels.resize(block.class + 1, 0);
        }
        self.voxels[block.class] += u64::from(block.voxels);
    }
}

/// What frames took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameStats {
    /// Frames that were measured.
    pub frames: u64,
    /// Frames that took longer than their budget.
    pub overruns: u64,
    /// Median of the last 512 frames with work, in µs.
    pub p50: f64,
    /// 99th percentile of them, in µs.
    pub p99: f64,
}

/// Chooses the blocks of each frame.
#[derive(Clone, Debug)]
pub struct Planner {
    /// µs per million voxels of each class; `None` until one was measured.
    costs: Vec<Option<f64>>,
    /// For classes that were never measured.
    first_cost: f64,
    most_blocks: usize,
    history: VecDeque<f64>,
    frames: u64,
    overruns: u64,
}

impl Planner {
    /// A planner that takes blocks of unknown cost for `first_cost` µs per million voxels and never chooses more than
    /// `most_blocks` for a frame. A pessimistic first cost makes the first frames short.
    #[must_use]
    pub fn new(first_cost: f64, most_blocks: usize) -> Self {
        Self {
            costs: Vec::new(),
            first_cost: first_cost.max(LEAST_COST),
            most_blocks: most_blocks.max(1),
            history: VecDeque::new(),
            frames: 0,
            overruns: 0,
        }
    }

    /// The time that a block should take, in µs.
    #[must_use]
    pub fn cost(&self, block: &Waiting) -> f64 {
        let known = self.costs.get(block.class).copied().flatten();
        known.unwrap_or(self.first_cost) * f64::from(block.voxels) * 1e-6
    }

    /// Chooses blocks for a frame of `budget` µs. With a budget above 0 and something to do at least one block is chosen,
    /// however much it costs: it would never be decoded otherwise.
    #[must_use]
    pub fn plan(&self, budget: f64, waiting: &[Waiting]) -> FramePlan {
        let mut plan = FramePlan { budget, ..FramePlan::default() };
        if budget.is_nan() || budget <= 0.0 {
            return plan;
        }
        let urgency = |block: &Waiting| block.priority * (1.0 + block.waited as f32 / PATIENCE);
        let mut order: Vec<usize> = (0..waiting.len()).collect();
        // Stable: equals keep their order.
        order.sort_by(|&a, &b| urgency(&waiting[b]).total_cmp(&urgency(&waiting[a])));
        for n in order {
            if plan.chosen.len() == self.most_blocks {
                break;
            }
            let block = &waiting[n];
            let cost = self.cost(block);
            // Smaller ones behind it may still fit.
            if !plan.chosen.is_empty() && plan.predicted + cost > PLANNED_SHARE * budget {
                continue;
            }
            plan.predicted += cost;
            plan.count(block);
            plan.chosen.push(n);
        }
        plan
    }

    /// Learns what a frame took, in µs. Frames may be told in any order, or not at all.
    pub fn measured(&mut self, plan: &FramePlan, time: f64) {
        if plan.chosen.is_empty() || !(time >= 0.0 && time.is_finite()) {
            return;
        }
        self.frames += 1;
        self.overruns += u64::from(time > plan.budget);
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(time);
        let total: u64 = plan.voxels.iter().sum();
        if total == 0 {
            return;
        }
        // By the costs of now: the plan may have been made with others.
        let known = |class: usize| self.costs.get(class).copied().flatten();
        let foreseen: f64 = (plan.voxels.iter().enumerate())
            .map(|(class, &voxels)| known(class).unwrap_or(self.first_cost) * voxels as f64 * 1e-6)
            .sum();
        // Of several classes in a frame each is taken to be as much slower as all together.
        let ratio = (time / foreseen.max(f64::MIN_POSITIVE)).clamp(1.0 / MOST_CHANGE, MOST_CHANGE);
        self.costs.resize(self.costs.len().max(plan.voxels.len()), None);
        for (cost, &voxels) in self.costs.iter_mut().zip(&plan.voxels).filter(|(_, voxels)| **voxels > 0) {
            // A class that was a small part of the frame learns less from it.
            let share = voxels as f64 / total as f64;
            let rate = share * if cost.is_none() || ratio > 1.0 { UP } else { DOWN };
            *cost = Some((cost.unwrap_or(self.first_cost) * ratio.powf(rate)).max(LEAST_COST));
        }
    }

    /// What frames took so far.
    #[must_use]
    pub fn stats(&self) -> FrameStats {
        let mut times: Vec<f64> = self.history.iter().copied().collect();
        times.sort_by(f64::total_cmp);
        let percentile = |share: f64| {
            let at = (share * (times.len() as f64 - 1.0)).ceil().max(0.0) as usize;
            times.get(at).copied().unwrap_or(0.0)
        };
        FrameStats { frames: self.frames, overruns: self.overruns, p50: percentile(0.5), p99: percentile(0.99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: u32 = 64 * 64 * 64;

    fn waiting(n: usize, class: usize) -> Vec<Waiting> {
        vec![Waiting { class, voxels: BLOCK, priority: 1.0, waited: 0 }; n]
    }

    /// Noise in −1..1 that is the same everywhere.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        }
    }

    /// Plays frames on a device that takes `cost(class)` µs per million voxels, with noise. Returns the blocks per frame.
    fn play(
        planner: &mut Planner,
        frames: usize,
        budget: f64,
        waiting: &[Waiting],
        cost: impl Fn(usize) -> f64,
        noise: f64,
    ) -> Vec<usize> {
        let mut random = Noise(7);
        // The device tells two frames later.
        let mut underway = VecDeque::new();
        let mut counts = Vec::new();
        for _ in 0..frames {
            let plan = planner.plan(budget, waiting);
            let work = |n: &usize| cost(waiting[*n].class) * f64::from(waiting[*n].voxels) * 1e-6;
            let time = plan.chosen.iter().map(work).sum::<f64>() * (1.0 + noise * random.next());
            counts.push(plan.chosen.len());
            underway.push_back((plan, time));
            if underway.len() > 2 {
                let (plan, time) = underway.pop_front().expect("there are three");
                planner.measured(&plan, time);
            }
        }
        counts
    }

    #[test]
    fn budgets_are_used_and_kept() {
        let mut planner = Planner::new(4000.0, 256);
        // 100 µs per block.
        let counts = play(&mut planner, 600, 1000.0, &waiting(64, 0), |_| 381.5, 0.15);
        assert_eq!(counts[0], 1, "an unknown cost is taken for a large one");
        assert!(counts[300..].iter().all(|n| (6..=8).contains(n)), "{:?}", &counts[300..320]);
        let stats = planner.stats();
        assert_eq!((stats.frames, stats.overruns), (598, 0));
        assert!(stats.p99 < 1000.0 && stats.p50 > 600.0, "{stats:?}");
    }

    #[test]
    fn a_device_that_becomes_slower_is_noticed_at_once() {
        let mut planner = Planner::new(4000.0, 256);
        play(&mut planner, 300, 1000.0, &waiting(64, 0), |_| 400.0, 0.05);
        let before = planner.stats().overruns;
        // Another program uses the device: three times as slow. Frames that are underway still run over.
        let counts = play(&mut planner, 50, 1000.0, &waiting(64, 0), |_| 1200.0, 0.05);
        assert_eq!(planner.stats().overruns - before, 3);
        assert!(counts[4..].iter().all(|&n| n == 2), "{counts:?}");
        // And faster again: it is found out slowly.
        let counts = play(&mut planner, 300, 1000.0, &waiting(64, 0), |_| 400.0, 0.05);
        assert!(counts[250..].iter().all(|&n| n >= 6), "{:?}", &counts[250..]);
    }

    #[test]
    fn classes_have_costs_of_their_own() {
        let mut planner = Planner::new(1000.0, 256);
        let mut list = waiting(40, 0);
        list.extend(waiting(40, 3));
        // Which class is wanted changes from frame to frame.
        for frame in 0..400 {
            for block in &mut list {
                block.priority = if (block.class == 0) == (frame % 2 == 0) { 2.0 } else { 1.0 };
            }
            play(&mut planner, 3, 2000.0, &list, |class| if class == 0 { 200.0 } else { 1600.0 }, 0.02);
        }
        let cost = |class| planner.cost(&Waiting { class, ..waiting(1, 0)[0] });
        let (cheap, dear) = (cost(0) / 0.262144, cost(3) / 0.262144);
        assert!((150.0..400.0).contains(&cheap) && (1200.0..2000.0).contains(&dear), "{cheap} and {dear}");
    }

    #[test]
    fn nothing_waits_for_ever() {
        let planner = Planner::new(1000.0, 256);
        let mut list: Vec<Waiting> =
            (0..50).map(|n| Waiting { class: 0, voxels: BLOCK, priority: 1.0 + n as f32, waited: 0 }).collect();
        let mut longest = 0;
        for _ in 0..10_000 {
            // One block per frame, and what was decoded is wanted anew: 50 times more than can be done.
            let plan = planner.plan(300.0, &list);
            list.iter_mut().for_each(|block| block.waited += 1);
            for &n in &plan.chosen {
                longest = longest.max(list[n].waited);
                list[n].waited = 0;
            }
        }
        let still = list.iter().map(|block| block.waited).max();
        assert!(longest.max(still.unwrap_or(0)) < 3000, "{longest}, {list:?}");
    }

    #[test]
    fn smaller_blocks_fill_what_a_large_one_leaves() {
        let planner = Planner::new(1000.0, 256);
        let mut list = waiting(3, 0);
        list[1].voxels = 8 * BLOCK;
        list[1].priority = 0.9;
        // 262 µs each, the second one 2097.
        let plan = planner.plan(1000.0, &list);
        assert_eq!(plan.chosen, [0, 2]);
        assert!(planner.plan(0.0, &list).chosen.is_empty());
        assert!(planner.plan(f64::NAN, &list).chosen.is_empty());
        assert_eq!(planner.plan(1.0, &list).chosen, [0], "one block always");
        assert_eq!(Planner::new(1000.0, 2).plan(1e9, &waiting(9, 0)).chosen, [0, 1]);
    }

    #[test]
    fn nonsense_is_not_learnt() {
        let mut planner = Planner::new(1000.0, 256);
        let plan = planner.plan(1000.0, &waiting(1, 0));
        for time in [f64::NAN, f64::INFINITY, -1.0] {
            planner.measured(&plan, time);
        }
        assert_eq!(planner.stats(), FrameStats::default());
        planner.measured(&plan, 0.0);
        assert!(planner.cost(&waiting(1, 0)[0]) > 0.0);
    }
}
