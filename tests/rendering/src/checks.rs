//! The comparisons and their table.

use crate::cases::{self, Case};
use crate::device;
use crate::draw::Stereo;
use crate::field::Field;
use crate::march;
use crate::picture::{Difference, Picture};
use crate::render::{How, Renderer};
use crate::scene::{Mode, Scene};
use crate::transfer::Transfer;
use glam::DVec3;
use std::path::Path;
use std::time::Instant;

/// What a picture must reach against the march on the CPU, in dB over the pixels that the volume covers.
const ENOUGH: f64 = 40.0;
/// A picture without skipping may differ by one unit of 8 bits.
const ROUNDING: u8 = 1;
/// Other drivers round differently: against committed pictures, in dB over all pixels.
const COMMITTED: f64 = 45.0;

/// Counts what is not as it should be.
struct Table {
    failures: usize,
    checks: usize,
}

impl Table {
    fn check(&mut self, is_right: bool, text: &str) {
        self.checks += 1;
        self.failures += usize::from(!is_right);
        println!("{} {text}", if is_right { "  ok  " } else { "FAILED" });
    }
}

/// Draws and compares everything; whether all is as it should be.
pub(crate) fn run(renderer: &Renderer, out: &Path, write: bool, only: Option<&str>) -> Result<bool, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let plume = Field::decode(&folder.join("../hosts/sample/plume.neuvol"), 0, 5.37)?;
    let mut table = Table { failures: 0, checks: 0 };
    device::messages();
    println!("\nagainst the march on the CPU (PSNR over the covered pixels, largest difference of 255)");
    for case in cases::all(&plume).iter().filter(|case| only.is_none_or(|only| case.name.starts_with(only))) {
        compare(renderer, case, &mut table, out, &folder.join("reference"), write)?;
    }
    if only.is_none() {
        println!("\nwithout skipping");
        skipping(renderer, &plume, &mut table)?;
        println!("\nformulas");
        constant(renderer, &mut table)?;
        jitter(renderer, &plume, &mut table)?;
        println!("\nwhat must be noticed");
        mistakes(renderer, &plume, &mut table)?;
    }
    let messages = device::messages();
    table.check(messages.is_empty(), &format!("{} messages of the validation layers", messages.len()));
    for message in messages.iter().take(3) {
        println!("       {message}");
    }
    println!("\n{} passed, {} failed", table.checks - table.failures, table.failures);
    Ok(table.failures == 0)
}

fn compare(
    renderer: &Renderer,
    case: &Case,
    table: &mut Table,
    out: &Path,
    reference: &Path,
    write: bool,
) -> Result<(), String> {
    let start = Instant::now();
    let drawn = renderer.render(&case.scene, case.how)?;
    let seconds = start.elapsed().as_secs_f64();
    let file = format!("{}.png", case.name.replace(", ", "-").replace(' ', "-"));
    let mut whole: Option<Picture> = None;
    for (eye, picture) in drawn.iter().enumerate() {
        let (marched, covered) = marched(&case.scene, eye);
        let Difference { psnr, largest } = picture.difference(&marched, |n| covered[n]);
        let eyes = if drawn.len() > 1 { ["left eye", "right eye"][eye] } else { "" };
        let share = covered.iter().filter(|&&is| is).count() as f64 / covered.len() as f64;
        let text = format!(
            "{:27} {eyes:9} {psnr:5.1} dB, largest {largest:3}, {:2.0} % covered, {seconds:4.1} s",
            case.name,
            share * 100.0
        );
        table.check(psnr >= ENOUGH && share > 0.05, &text);
        marched.write(&out.join("marched").join(format!("{eye}-{file}")))?;
        whole = Some(whole.map_or_else(|| picture.clone(), |before| before.beside(picture)));
    }
    let whole = whole.ok_or("no picture was drawn")?;
    whole.write(&out.join(&file))?;
    if write {
        return whole.write(&reference.join(&file));
    }
    let committed = Picture::read(&reference.join(&file))?;
    if committed.size != whole.size {
        table.check(false, &format!("{:27} has another size than the committed picture", case.name));
        return Ok(());
    }
    let Difference { psnr, largest } = whole.difference(&committed, |_| true);
    if psnr < COMMITTED {
        let text = format!("{:27} {psnr:.1} dB from the committed picture, largest {largest}", case.name);
        table.check(false, &text);
    }
    Ok(())
}

/// The picture of the march on the CPU, and which pixels the volume covers.
fn marched(scene: &Scene, eye: usize) -> (Picture, Vec<bool>) {
    let (pixels, covered) = march::draw(scene, &scene.cameras[eye]);
    (Picture { size: scene.size, pixels }, covered)
}

/// Blocks that are skipped must not be seen to be.
fn skipping(renderer: &Renderer, plume: &Field, table: &mut Table) -> Result<(), String> {
    for case in cases::all(plume) {
        if matches!(case.scene.mode, Mode::Slices(..)) || case.how.stereo != Stereo::Mono {
            continue;
        }
        let with = renderer.render(&case.scene, How { skip: true, ..case.how })?;
        let without = renderer.render(&case.scene, How { skip: false, ..case.how })?;
        let largest = with[0].difference(&without[0], |_| true).largest;
        table.check(largest <= ROUNDING, &format!("{:27} differs by {largest}", case.name));
    }
    // Were nothing skipped, all of this would prove nothing.
    let scene = cases::smoke(plume);
    let drawn = renderer.render(&scene, How { blind: true, ..How::default() })?;
    let background = scene.background(&scene.cameras[0]);
    let is_empty = drawn[0].pixels.iter().zip(&background).all(|(pixel, behind)| pixel[..] == behind[..3]);
    table.check(is_empty, "a table without opacity leaves nothing");
    Ok(())
}

/// One value everywhere: a ray's opacity follows from its length.
fn constant(renderer: &Renderer, table: &mut Table) -> Result<(), String> {
    let alpha = 0.2_f64;
    let transfer = Transfer::new(0.0, 1.0, &[[0.0, 1.0, 0.6, 0.2, alpha], [1.0, 1.0, 0.6, 0.2, alpha]]);
    let field = Field::of([12, 20, 9], |_| 0.5);
    let base = cases::smoke(&field);
    let edges = DVec3::new(0.5, 1.0, 0.8);
    let mut scene = Scene { transfer, edges, axes: [0, 1, 2], unit_length: 0.31, ..base };
    let exact = f64::from(scene.transfer.texels[0][3]) / 255.0;
    for step in [0.25, 1.0, 3.0] {
        scene.step = step;
        let drawn = renderer.render(&scene, How::default())?;
        let camera = scene.cameras[0];
        let behind = scene.background(&camera);
        let mut largest = 0.0_f64;
        for (n, pixel) in drawn[0].pixels.iter().enumerate() {
            let (o, d) = scene.pixel_ray(&camera, n);
            let (a, b) = ((-0.5 * edges - o) / d, (0.5 * edges - o) / d);
            let length = (a.max(b).min_element() - a.min(b).max_element()).max(0.0) * d.length();
            let opacity = 1.0 - (1.0 - exact).powf(length / scene.unit_length);
            let red = 255.0 * opacity + f64::from(behind[n][0]) * (1.0 - opacity);
            largest = largest.max((red - f64::from(pixel[0])).abs());
        }
        table.check(largest <= 1.0, &format!("constant, {step} voxels a step: {largest:.2} from the formula"));
    }
    Ok(())
}

/// Jitter: the same for the same frame, another for another one, and right on average.
fn jitter(renderer: &Renderer, plume: &Field, table: &mut Table) -> Result<(), String> {
    let scene = Scene { step: 1.5, ..cases::smoke(plume) };
    let frame = |n| renderer.render(&scene, How { jitter: Some(n), ..How::default() });
    let (a, again, b) = (frame(1)?, frame(1)?, frame(2)?);
    table.check(a == again, "jitter: one frame twice gives one picture");
    table.check(a != b, "jitter: two frames give two pictures");
    let (marched, covered) = marched(&scene, 0);
    let alone = a[0].difference(&marched, |n| covered[n]).psnr;
    let frames: Vec<Picture> = (0..16).map(|n| frame(n).map(|mut drawn| drawn.remove(0))).collect::<Result<_, _>>()?;
    let mean = |n: usize, channel: usize| {
        let sum: u32 = frames.iter().map(|frame| u32::from(frame.pixels[n][channel])).sum();
        ((sum + 8) / 16) as u8
    };
    let pixels = (0..marched.pixels.len()).map(|n| std::array::from_fn(|channel| mean(n, channel))).collect();
    let averaged = Picture { size: scene.size, pixels }.difference(&marched, |n| covered[n]).psnr;
    let text = format!("jitter: {alone:.1} dB for one frame, {averaged:.1} dB for the mean of 16");
    table.check(averaged >= ENOUGH && averaged > alone + 3.0, &text);
    Ok(())
}

/// Pictures of scenes with one mistake must not pass for the right ones.
fn mistakes(renderer: &Renderer, plume: &Field, table: &mut Table) -> Result<(), String> {
    let scene = Scene { lit: true, ..cases::smoke(plume) };
    let right = marched(&scene, 0);
    let shifted = Scene { cameras: vec![scene.cameras[0].beside(0.12)], ..scene.clone() };
    let mistakes = [
        ("opacity as if a step were twice as long", Scene { unit_length: scene.unit_length / 2.0, ..scene.clone() }),
        ("the other eye", shifted),
        ("light from the other side", Scene { light: DVec3::new(-0.9, -0.1, 0.42), ..scene.clone() }),
        ("an axis backwards", Scene { axes: [-1, 2, 1], ..scene.clone() }),
        ("values 10 % too large", Scene { field: larger(plume, 1.1), ..scene.clone() }),
    ];
    for (name, wrong) in mistakes {
        let drawn = renderer.render(&wrong, How::default())?;
        let psnr = drawn[0].difference(&right.0, |n| right.1[n]).psnr;
        table.check(psnr < ENOUGH, &format!("{name}: {psnr:.1} dB"));
    }
    Ok(())
}

fn larger(field: &Field, factor: f32) -> Field {
    Field { size: field.size, values: field.values.iter().map(|value| value * factor).collect() }
}
