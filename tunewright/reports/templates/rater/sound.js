// Tones made here, and the check of headphones of Woods, Siegel, Traer and McDermott (Headphone screening to facilitate
// web-based auditory experiments, Attention, Perception & Psychophysics 79, 2017): of three tones of 200 Hz one is 6 dB
// quieter, and one has its two channels in antiphase, so that it is cancelled in the air between loudspeakers and
// seems the quietest there. Who hears it through headphones finds the tone that really is.

export const TRIALS = 6;
export const PASSED = 5;
const FREQUENCY = 200, SECONDS = 1, RAMP = 0.1, GAP = 0.5, LEVEL = 0.25, QUIETER = 10 ** (-6 / 20);

let context = null;

function opened() {
  context ??= new AudioContext();
  return context.resume().then(() => context);
}

function tone(target, start, gain, antiphase) {
  const rate = target.sampleRate;
  for (let channel = 0; channel < 2; channel++) {
    const samples = target.getChannelData(channel);
    const sign = antiphase && channel ? -1 : 1;
    for (let i = 0; i < SECONDS * rate; i++) {
      const time = i / rate;
      const ramp = Math.min(1, time / RAMP, (SECONDS - time) / RAMP);
      samples[Math.round(start * rate) + i] = sign * gain * LEVEL * ramp * Math.sin(2 * Math.PI * FREQUENCY * time);
    }
  }
}

function sound(audio, seconds, fill) {
  const buffer = audio.createBuffer(2, Math.ceil(seconds * audio.sampleRate), audio.sampleRate);
  fill(buffer);
  const source = audio.createBufferSource();
  source.buffer = buffer;
  source.connect(audio.destination);
  source.start();
  return new Promise((resolve) => { source.onended = resolve; });
}

export async function playTone() {
  const audio = await opened();
  await sound(audio, SECONDS, (buffer) => tone(buffer, 0, 1, false));
}

// The tones of a trial in the order in which they sound: which is the quiet one, which the one in antiphase.
export function newTrial() {
  const quiet = Math.floor(3 * Math.random());
  return { quiet, antiphase: (quiet + 1 + Math.floor(2 * Math.random())) % 3 };
}

export async function playTrial({ quiet, antiphase }) {
  const audio = await opened();
  await sound(audio, 3 * SECONDS + 2 * GAP + 0.1, (buffer) => {
    for (let i = 0; i < 3; i++) tone(buffer, i * (SECONDS + GAP), i === quiet ? QUIETER : 1, i === antiphase);
  });
}
