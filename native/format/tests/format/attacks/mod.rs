//! The hostile files: how each is made from a golden one, and what must happen.

mod front;
mod latents;
mod matrices;
mod quantised;
mod records;
mod tables;
mod victim;

use victim::Victim;

/// What must happen to a hostile file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It cannot be opened.
    Open(&'static str, &'static str),
    /// It can be opened; reading everything in it ends in this error.
    Read(&'static str, &'static str),
    /// It can be read; decoding every block ends in this error of the models.
    Decode(&'static str, &'static str),
    /// Everything can be read; only a check of the whole file shows it.
    Check(&'static str, &'static str),
    /// It is no attack: a reader must cope with it.
    Fine,
}

/// One hostile file.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// What is wrong with it.
    pub(crate) what: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) bytes: Vec<u8>,
}

/// All hostile files.
pub(crate) fn attacks() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for list in [
        front::lengths(),
        front::headers(),
        front::directories(),
        front::packed(),
        tables::metas(),
        tables::variables(),
        tables::segments(),
        tables::networks(),
        records::entries(),
        records::masks(),
        latents::payloads(),
        latents::heads(),
        matrices::payloads(),
        quantised::payloads(),
        records::others(),
    ] {
        for (name, what, base, damage, outcome) in list {
            let mut victim = Victim::new(base);
            damage(&mut victim);
            attacks.push(Attack { name, what, outcome, bytes: victim.finish() });
        }
    }
    attacks
}

/// Name, what is wrong, golden file, damage, what must happen.
type Row = (&'static str, &'static str, &'static str, fn(&mut Victim), Outcome);
