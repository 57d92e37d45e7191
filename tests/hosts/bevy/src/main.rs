//! Bevy as the host: it owns device, textures and frames; the library fills two of its 3D textures while it renders, and its
//! own renderer draws them: a box with a material on a lit disc.
//!
//! The library does the barriers: Bevy's textures are in the layout for sampling whenever it is called.

mod scene;

use bevy::app::App;
use bevy::log::LogPlugin;
use bevy::log::tracing::field::{Field, Visit};
use bevy::log::tracing::{Event, Level, Subscriber};
use bevy::log::tracing_subscriber::Layer;
use bevy::log::tracing_subscriber::layer::Context;
use bevy::prelude::*;
use bevy::render::extract_resource::ExtractResourcePlugin;
use bevy::render::render_asset::RenderAssets;
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::texture::GpuImage;
use bevy::render::{Render, RenderApp, RenderPlugin, RenderSystems};
use bevy::window::{ExitCondition, WindowPlugin};
use neuvol_host::compare::{self, Verdict};
use neuvol_host::{Barriers, Content, Options, Picture, Player, exit, messages, name, read_texture};
use scene::{Shown, VolumeMaterial};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};

/// Frames that are drawn after the last decode was recorded, before the pictures are taken.
const MORE_FRAMES: u32 = 2;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> neuvol_host::Result<()> {
    let options = Options::parse()?;
    let content = Content::open(&options)?;
    let (done, result) = channel();
    let mut app = App::new();
    let window = WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() };
    // The pictures must not depend on when a pipeline is ready.
    let render = RenderPlugin { synchronous_pipeline_compilation: true, ..default() };
    let log = LogPlugin { custom_layer: |_| Some(Box::new(Errors)), ..default() };
    app.add_plugins(DefaultPlugins.set(window).set(render).set(log));
    app.add_plugins((MaterialPlugin::<VolumeMaterial>::default(), ExtractResourcePlugin::<Shown>::default()));
    scene::add_shader(&mut app);
    app.insert_resource(scene::Size(content.variable.dims));
    app.add_systems(Startup, scene::spawn);
    let host = Host { options, state: State::Starting(Some(content)), done };
    app.sub_app_mut(RenderApp)
        .insert_resource(host)
        .add_systems(Render, (fill.in_set(RenderSystems::PrepareResources), take.in_set(RenderSystems::Cleanup)));
    app.finish();
    app.cleanup();
    loop {
        app.update();
        if let Ok(result) = result.try_recv() {
            return result;
        }
    }
}

/// The host's side of the library, in Bevy's render world.
#[derive(Resource)]
struct Host {
    options: Options,
    state: State,
    done: Sender<neuvol_host::Result<()>>,
}

enum State {
    /// Until Bevy has made the textures.
    Starting(Option<Content>),
    Filling(Player),
    /// All is recorded; so many frames were drawn since.
    Filled(Player, u32),
    Done,
}

/// Before Bevy draws a frame: one frame of the library.
fn fill(
    mut host: ResMut<Host>,
    shown: Option<Res<Shown>>,
    images: Res<RenderAssets<GpuImage>>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
) {
    let device = device.wgpu_device();
    let state = std::mem::replace(&mut host.state, State::Done);
    let next = match state {
        State::Starting(content) => match shown.and_then(|shown| textures(&images, &shown.volumes)) {
            Some(textures) => start(content, &host.options, &textures, device, &queue),
            None => Ok(State::Starting(content)),
        },
        State::Filling(mut player) => player.frame(device, &queue).map(|done| match done {
            true => State::Filled(player, 0),
            false => State::Filling(player),
        }),
        state => Ok(state),
    };
    match next {
        Ok(state) => host.state = state,
        Err(failure) => host.finish(Err(failure)),
    }
}

fn start(
    content: Option<Content>,
    options: &Options,
    textures: &[wgpu::Texture],
    device: &wgpu::Device,
    queue: &wgpu::Queue,
) -> neuvol_host::Result<State> {
    let Some(content) = content else { return Ok(State::Done) };
    let mut player = Player::new(content, options, Barriers::Library, device)?;
    for texture in textures {
        player.add(queue, texture)?;
    }
    Ok(State::Filling(player))
}

/// After Bevy has drawn a frame: at the end compares texels and pictures.
fn take(
    mut host: ResMut<Host>,
    shown: Option<Res<Shown>>,
    images: Res<RenderAssets<GpuImage>>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
) {
    let (State::Filled(_, frames), Some(shown)) = (&mut host.state, shown) else { return };
    *frames += 1;
    if *frames <= MORE_FRAMES {
        return;
    }
    let State::Filled(player, _) = std::mem::replace(&mut host.state, State::Done) else { return };
    let result = check(&host.options, player, &images, &shown, device.wgpu_device(), &queue);
    host.finish(result);
}

fn check(
    options: &Options,
    player: Player,
    images: &RenderAssets<GpuImage>,
    shown: &Shown,
    device: &wgpu::Device,
    queue: &wgpu::Queue,
) -> neuvol_host::Result<()> {
    let mut verdict = Verdict::default();
    player.check(device, queue, &mut verdict)?;
    let reference = Picture::read(&options.reference.join("bevy.png"))?;
    let both = textures(images, &shown.volumes).zip(textures(images, &shown.screens));
    for (volume, screen) in both.into_iter().flat_map(|(volumes, screens)| volumes.into_iter().zip(screens)) {
        let picture = Picture::from_rgba(neuvol_host::scene::SIZE, &read_texture(device, queue, &screen, 4)?);
        let name = format!("bevy-{}", name(&volume));
        picture.write(&options.out.join(format!("{name}.png")))?;
        verdict.add(compare::picture(&name, &picture, &reference));
    }
    player.close(device)?;
    verdict.finish(options.wrong_time)
}

/// The textures behind images, once Bevy has made all of them.
fn textures(images: &RenderAssets<GpuImage>, handles: &[Handle<Image>]) -> Option<Vec<wgpu::Texture>> {
    handles.iter().map(|handle| images.get(handle).map(|image| (*image.texture).clone())).collect()
}

impl Host {
    fn finish(&mut self, result: neuvol_host::Result<()>) {
        self.state = State::Done;
        // Nobody listens any more only if there was a result before.
        let _ = self.done.send(result);
    }
}

/// Notes the errors that Bevy logs; those of wgpu and of the validation layers are among them.
struct Errors;

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut text = Message(String::new());
            event.record(&mut text);
            messages::add(text.0);
        }
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
