//! Wavelet latents and head (codec 4): bytes, the transform against one that goes the other way, time, head, damage.

mod damage;
mod forward;
mod head;
mod payload;
mod random;
mod time;
mod transform;
