// Which of these boxes is it? Two short tones every two seconds, for so long. A browser keeps quiet until somebody touches the page,
// unless it was started for a kiosk: then the answer is false.
(() => {
  let sound = null, voice = null;

  async function awake() {
    sound ??= new AudioContext();
    if (sound.state !== "running") await Promise.race([sound.resume(), new Promise((done) => setTimeout(done, 500))]);
    return sound.state === "running";
  }

  async function tone(seconds) {
    if (!(await awake())) return false;
    voice?.stop();
    voice = new OscillatorNode(sound, { frequency: 1760 });
    const loud = new GainNode(sound, { gain: 0 }), now = sound.currentTime + 0.05;
    for (let at = 0; at < seconds; at += 2)
      for (const from of [0, 0.3]) {
        loud.gain.setValueAtTime(0.4, now + at + from);
        loud.gain.setValueAtTime(0, now + at + from + 0.18);
      }
    voice.connect(loud).connect(sound.destination);
    voice.start();
    voice.stop(now + seconds);
    document.body.dataset.beeps = String(Math.round(seconds));
    return true;
  }

  window.motcuaTone = tone;
})();
