//! Many tasks together: pass by pass, those of one kernel at once.

use crate::pass::{Pass, Work};
use crate::task::Task;
use crate::{Error, Kernel, Texels, Variants};
use std::collections::BTreeMap;

/// Workgroups along an axis that every device takes.
const MOST_GROUPS: u32 = 65535;

/// Sizes of the memories that tasks share, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What blocks are decoded in.
    pub work_bytes: u64,
    /// Texels that are packed.
    pub texel_bytes: u64,
    /// Records.
    pub record_bytes: u64,
    /// Whether the texels of all rounds must be there at the end. Without it, each round writes over those of the one before,
    /// which must have been copied.
    pub keep_texels: bool,
}

/// One kernel over the records of some passes.
#[derive(Clone, Copy, Debug)]
pub struct Dispatch {
    /// The kernel.
    pub kernel: Kernel,
    /// A task of it. The passes of kernels that store into an image are of tasks with the same target; those of other kernels
    /// may be of any tasks.
    pub task: usize,
    /// The first record, in words from the first of the batch.
    pub first: u32,
    /// Words from one record to the next.
    pub stride: u32,
    /// Workgroups along x, and records.
    pub groups: [u32; 2],
}

/// Tasks that fit the memories together. Each dispatch reads what those before it wrote.
#[derive(Debug)]
pub struct Round {
    /// In their order.
    pub dispatches: Vec<Dispatch>,
    /// What is packed: the task, and its texels.
    pub packed: Vec<(usize, Texels)>,
}

/// What is to be done for some tasks.
#[derive(Debug)]
pub struct Batch {
    /// One after the other: each uses the same memories.
    pub rounds: Vec<Round>,
    /// The records of all.
    pub words: Vec<u32>,
}

impl Batch {
    /// Puts tasks together: about equally many in each of at least `parts` rounds, more rounds where the memories are too
    /// small. Each task comes with the variants that it may use, and a number of its target: see [`Dispatch::task`].
    ///
    /// # Errors
    /// [`Error::Full`] if a memory is too small for one task, or that of records for all; [`Error::Argument`] for a box that
    /// does not fit.
    pub fn new(tasks: &[(Task<'_>, Variants, u64)], parts: usize, limits: Limits) -> Result<Self, Error> {
        let mut records = Records { words: Vec::new(), most: (limits.record_bytes / 4) as usize };
        let planned = planned(tasks, parts, limits)?;
        let rounds = planned.into_iter().map(|round| {
            let dispatches = dispatches(tasks, &round, &mut records)?;
            Ok(Round { dispatches, packed: round.packed })
        });
        let rounds = rounds.collect::<Result<_, Error>>()?;
        Ok(Self { rounds, words: records.words })
    }
}

/// The passes of the tasks of a round.
struct Planned {
    queues: Vec<(usize, Vec<Pass>)>,
    packed: Vec<(usize, Texels)>,
}

impl Planned {
    fn add(
        &mut self,
        task: usize,
        of: &Task<'_>,
        variants: Variants,
        work: &mut Work,
        texels: &mut Work,
    ) -> Result<(), Error> {
        let (passes, packed) = of.passes(variants, work, texels)?;
        self.packed.extend(packed.map(|packed| (task, packed)));
        self.queues.push((task, passes));
        Ok(())
    }
}

/// The passes of all tasks, as many tasks at once as the memories hold.
fn planned(tasks: &[(Task<'_>, Variants, u64)], parts: usize, limits: Limits) -> Result<Vec<Planned>, Error> {
    let most = tasks.len().div_ceil(parts.max(1));
    let memory = |bytes: u64| Work::new((bytes / 4) as u32);
    let mut rounds: Vec<Planned> = Vec::new();
    let (mut work, mut texels) = (memory(0), memory(0));
    for (n, (task, variants, _)) in tasks.iter().enumerate() {
        task.check()?;
        if let Some(round) = rounds.last_mut().filter(|round| round.queues.len() < most) {
            match round.add(n, task, *variants, &mut work, &mut texels) {
                Err(Error::Full { .. }) => {}
                result => {
                    result?;
                    continue;
                }
            }
        }
        // What the round before works in is free again behind a barrier.
        work = memory(limits.work_bytes);
        if n == 0 || !limits.keep_texels {
            texels = memory(limits.texel_bytes);
        }
        let mut round = Planned { queues: Vec::new(), packed: Vec::new() };
        round.add(n, task, *variants, &mut work, &mut texels)?;
        rounds.push(round);
    }
    Ok(rounds)
}

/// The dispatches of a round in their order: the first passes of all tasks, those of one kernel together, then the second ones, ...
fn dispatches(
    tasks: &[(Task<'_>, Variants, u64)],
    round: &Planned,
    records: &mut Records,
) -> Result<Vec<Dispatch>, Error> {
    let mut dispatches = Vec::new();
    for step in 0..round.queues.iter().map(|(_, passes)| passes.len()).max().unwrap_or(0) {
        // Passes that store go with their target.
        let mut together: BTreeMap<(Kernel, u64), (usize, Vec<&Pass>)> = BTreeMap::new();
        for (task, passes) in &round.queues {
            let Some(pass) = passes.get(step) else { continue };
            let target = if pass.kernel.writes_image() { tasks[*task].2 } else { 0 };
            together.entry((pass.kernel, target)).or_insert_with(|| (*task, Vec::new())).1.push(pass);
        }
        for ((kernel, _), (task, passes)) in together {
            let groups = passes.iter().map(|pass| pass.groups).max().unwrap_or(0);
            if groups > MOST_GROUPS || passes.len() > MOST_GROUPS as usize {
                let message = format!("need {groups} workgroups of {kernel:?} for {} blocks", passes.len());
                return Err(Error::argument("jobs", message));
            }
            let (first, stride) = records.add(&passes)?;
            let groups = [groups, passes.len() as u32];
            dispatches.push(Dispatch { kernel, task, first, stride, groups });
        }
    }
    Ok(dispatches)
}

/// The records of a batch.
struct Records {
    words: Vec<u32>,
    most: usize,
}

impl Records {
    /// Adds the records of some passes of one kernel: the place of the first, and the distance between two.
    fn add(&mut self, passes: &[&Pass]) -> Result<(u32, u32), Error> {
        let stride = passes.iter().map(|pass| pass.words.len()).max().unwrap_or(0);
        let first = self.words.len() as u32;
        let len = self.words.len() + stride * passes.len();
        if len > self.most {
            let (needed, free) = (len as u64 * 4, self.most as u64 * 4);
            return Err(Error::Full { what: "memory of records", needed, free });
        }
        for pass in passes {
            self.words.extend_from_slice(&pass.words);
            self.words.resize(self.words.len() + stride - pass.words.len(), 0);
        }
        Ok((first, stride as u32))
    }
}
