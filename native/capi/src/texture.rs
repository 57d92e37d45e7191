//! Textures of hosts, and decodes into them.

use crate::boundary::{boundary, boundary_with};
use crate::context::lease_context;
use crate::decode::precision;
use crate::gpu_types::{
    NEUVOL_SUBMIT_REPLACE, NEUVOL_SUBMIT_VALUE_RANGE, NEUVOL_TEXEL_R8, NEUVOL_TEXEL_R16, NEUVOL_TEXEL_R16F,
    NEUVOL_TEXEL_R32F, NEUVOL_TEXEL_RG16F, NEUVOL_TEXEL_RGBA16F, NEUVOL_WRITE_PATH_COPY, NEUVOL_WRITE_PATH_STORE,
    neuvol_context, neuvol_progress, neuvol_submit_desc, neuvol_texel, neuvol_texture, neuvol_texture_desc,
    neuvol_ticket,
};
use crate::memory::{read_struct, write_struct, write_value};
use crate::result::{
    Failure, NEUVOL_CANCELLED, NEUVOL_ERROR_INVALID_HANDLE, NEUVOL_NOT_READY, NEUVOL_OK, Outcome, neuvol_result,
};
use crate::variable::{narrow, reversed};
use crate::volume::lease;
use neuvol_engine::vulkan::{Texel, WritePath, vk};
use neuvol_engine::{Request, TextureDesc, TextureRequest, TicketStatus};

/// Makes a texture of the host known to a context. It is borrowed until neuvol_texture_unregister().
///
/// Any thread.
///
/// @param desc The texture.
/// @param out Receives the handle; an id of 0 on an error.
///
/// # Safety
/// `desc` is null or valid for reading its size, its image alive and as described; `out` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_texture_register(
    context: neuvol_context,
    desc: *const neuvol_texture_desc,
    out: *mut neuvol_texture,
) -> neuvol_result {
    boundary("neuvol_texture_register", || {
        // SAFETY: pointers as this function demands them.
        unsafe {
            write_value("out", out, neuvol_texture { id: 0 })?;
            let context = lease_context(context)?;
            let desc = read_struct("desc", desc)?;
            let id = context.register(texture(&desc)?)?;
            write_value("out", out, neuvol_texture { id })
        }
    })
}

fn texture(desc: &neuvol_texture_desc) -> Outcome<TextureDesc> {
    if desc.reserved0 != 0 {
        return Err(Failure::argument("desc.reserved0", "must be 0"));
    }
    if desc.image == 0 {
        return Err(Failure::null("desc.image"));
    }
    let path = match desc.path {
        NEUVOL_WRITE_PATH_STORE => WritePath::Store,
        NEUVOL_WRITE_PATH_COPY => WritePath::Copy,
        other => return Err(Failure::argument("desc.path", format!("{other} is none of NEUVOL_WRITE_PATH_*"))),
    };
    Ok(TextureDesc {
        image: vk::Handle::from_raw(desc.image),
        extent: reversed(desc.dims),
        texel: texel("desc.texel", desc.texel)?,
        path,
        layout: (desc.layout != 0).then(|| vk::ImageLayout::from_raw(desc.layout)),
    })
}

pub(crate) fn texel(name: &str, texel: neuvol_texel) -> Outcome<Texel> {
    Ok(match texel {
        NEUVOL_TEXEL_R32F => Texel::R32F,
        NEUVOL_TEXEL_R16F => Texel::R16F,
        NEUVOL_TEXEL_R8 => Texel::R8,
        NEUVOL_TEXEL_R16 => Texel::R16,
        NEUVOL_TEXEL_RG16F => Texel::Rg16F,
        NEUVOL_TEXEL_RGBA16F => Texel::Rgba16F,
        other => return Err(Failure::argument(name, format!("{other} is none of NEUVOL_TEXEL_*"))),
    })
}

/// Says whether a texture can be written to.
///
/// Any thread.
///
/// @return NEUVOL_OK, NEUVOL_NOT_READY if no render event has seen it yet (Unity), or the error why it cannot.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_texture_status(context: neuvol_context, texture: neuvol_texture) -> neuvol_result {
    boundary_with("neuvol_texture_status", || match lease_context(context)?.texture(texture.id) {
        None => Err(invalid("texture", texture.id)),
        Some(Ok(true)) => Ok(NEUVOL_OK),
        Some(Ok(false)) => Ok(NEUVOL_NOT_READY),
        Some(Err(error)) => Err((&*error).into()),
    })
}

/// Forgets a texture. Decodes into it that wait are cancelled, and no later frame writes to it: the host may destroy it as soon
/// as the frames that were recorded before are finished on the device.
///
/// Any thread. An id of 0 is fine and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_texture_unregister(context: neuvol_context, texture: neuvol_texture) -> neuvol_result {
    boundary("neuvol_texture_unregister", || {
        if texture.id == 0 || lease_context(context)?.unregister(texture.id) {
            return Ok(());
        }
        Err(invalid("texture", texture.id))
    })
}

fn invalid(name: &str, id: u64) -> Failure {
    let reason = if id == 0 { "names nothing (id 0)" } else { "is not (any more) known to this context" };
    Failure::new(NEUVOL_ERROR_INVALID_HANDLE, format!("{name}: {reason}"))
}

/// Asks for a box of a volume in a texture. Returns at once: workers read what is needed, and the frames to come decode it, as
/// much as fits the budget of each. Decodes into the same texels keep the order in which they were asked for.
///
/// Nothing is shown half by this: a host decodes into texels that it does not draw from yet (bricks of an atlas, a second texture)
/// and changes its page table, or the texture, in the frame in which neuvol_decode_status() is NEUVOL_OK.
///
/// Any thread.
///
/// @param desc What to decode, and where to.
/// @param out Receives the ticket; an id of 0 on an error. May be null.
///
/// # Safety
/// `desc` is null or valid for reading its size, `out` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_decode_submit(
    context: neuvol_context,
    desc: *const neuvol_submit_desc,
    out: *mut neuvol_ticket,
) -> neuvol_result {
    boundary("neuvol_decode_submit", || {
        // SAFETY: pointers as this function demands them.
        unsafe {
            if !out.is_null() {
                write_value("out", out, neuvol_ticket { id: 0 })?;
            }
            let context = lease_context(context)?;
            let desc = read_struct("desc", desc)?;
            let volume = lease(desc.volume)?;
            let id = context.submit(desc.volume.id, &volume, &request(&desc)?)?;
            if out.is_null() { Ok(()) } else { write_value("out", out, neuvol_ticket { id }) }
        }
    })
}

fn request(desc: &neuvol_submit_desc) -> Outcome<TextureRequest> {
    if desc.flags & !(NEUVOL_SUBMIT_VALUE_RANGE | NEUVOL_SUBMIT_REPLACE) != 0 {
        return Err(Failure::argument("desc.flags", format!("unknown flags in {:#x}", desc.flags)));
    }
    if desc.reserved0 != 0 {
        return Err(Failure::argument("desc.reserved0", "must be 0"));
    }
    let has_range = desc.flags & NEUVOL_SUBMIT_VALUE_RANGE != 0;
    if !has_range && (desc.value_min != 0.0 || desc.value_max != 0.0) {
        let message = "must be 0 without NEUVOL_SUBMIT_VALUE_RANGE";
        return Err(Failure::argument("desc.value_min, value_max", message));
    }
    Ok(TextureRequest {
        source: Request {
            variable: desc.variable,
            quality: narrow("desc.quality", desc.quality)?,
            level: narrow("desc.level", desc.level)?,
            time: desc.time,
            min: reversed(desc.box_min),
            max: reversed(desc.box_max),
            precision: precision(desc.precision)?,
            kernel: None,
        },
        texture: desc.texture.id,
        to: reversed(desc.texel_min),
        priority: desc.priority,
        time_velocity: desc.time_velocity,
        value_range: has_range.then_some((desc.value_min, desc.value_max)),
        invalid: desc.invalid,
        replace: desc.flags & NEUVOL_SUBMIT_REPLACE != 0,
    })
}

/// Says what became of a decode.
///
/// Any thread.
///
/// @return NEUVOL_OK once all blocks are recorded (without a texture: all models are on the device), NEUVOL_NOT_READY before,
/// NEUVOL_CANCELLED, or the error that ended it.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_decode_status(context: neuvol_context, ticket: neuvol_ticket) -> neuvol_result {
    boundary_with("neuvol_decode_status", || match lease_context(context)?.status(ticket.id) {
        None => Err(invalid("ticket", ticket.id)),
        Some(TicketStatus::Waiting { .. }) => Ok(NEUVOL_NOT_READY),
        Some(TicketStatus::Done { .. }) => Ok(NEUVOL_OK),
        Some(TicketStatus::Cancelled) => Ok(NEUVOL_CANCELLED),
        Some(TicketStatus::Failed(error)) => Err((&*error).into()),
    })
}

/// Says how far a decode is. The result is that of neuvol_decode_status(); the numbers are 0 if it was cancelled or failed.
///
/// Any thread.
///
/// @param progress Its struct_size must be set; receives the rest.
///
/// # Safety
/// `progress` is null or valid for reading and writing its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_decode_get_progress(
    context: neuvol_context,
    ticket: neuvol_ticket,
    progress: *mut neuvol_progress,
) -> neuvol_result {
    boundary_with("neuvol_decode_get_progress", || {
        let status = lease_context(context)?.status(ticket.id).ok_or_else(|| invalid("ticket", ticket.id))?;
        let mut value = neuvol_progress { struct_size: 0, blocks_missing: 0, blocks: 0, reserved0: 0, frame: 0 };
        let result = match &status {
            TicketStatus::Waiting { missing, blocks } => {
                (value.blocks_missing, value.blocks) = (*missing, *blocks);
                Ok(NEUVOL_NOT_READY)
            }
            TicketStatus::Done { frame, blocks } => {
                (value.frame, value.blocks) = (*frame, *blocks);
                Ok(NEUVOL_OK)
            }
            TicketStatus::Cancelled => Ok(NEUVOL_CANCELLED),
            TicketStatus::Failed(error) => Err((&**error).into()),
        };
        // SAFETY: as this function demands.
        unsafe { write_struct("progress", progress, &value) }?;
        result
    })
}

/// Takes a decode back. What is not recorded will not be, except for what already stands in the next frame.
///
/// Any thread.
///
/// @return NEUVOL_CANCELLED, or NEUVOL_OK if it was finished already, however it ended.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_decode_cancel(context: neuvol_context, ticket: neuvol_ticket) -> neuvol_result {
    boundary_with("neuvol_decode_cancel", || match lease_context(context)?.cancel(ticket.id) {
        None => Err(invalid("ticket", ticket.id)),
        Some(true) => Ok(NEUVOL_CANCELLED),
        Some(false) => Ok(NEUVOL_OK),
    })
}
