// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolActor.h"

#include "NeuvolComponent.h"

ANeuvolActor::ANeuvolActor()
{
	Volume = CreateDefaultSubobject<UNeuvolComponent>(TEXT("Volume"));
	RootComponent = Volume;
}
