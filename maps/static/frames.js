"use strict";
/* From WGS-84, which browsers give, to the frame that a map is drawn in; the same formula as geo/space/crs.py. */
(function () {
  const { sin, cos, sqrt, abs, PI } = Math;
  const A = 6378245, EE = 0.00669342162296594323, CHINA = { lng: [72.004, 137.8347], lat: [0.8293, 55.8271] };

  /** Sum of amplitude * sin(frequency * pi * t) * 2/3. */
  const waves = (t, ...terms) => (terms.reduce((sum, [amplitude, frequency]) => sum + amplitude * sin(frequency * PI * t), 0) * 2) / 3;
  const inside = (value, [low, high]) => value >= low && value <= high;

  function gcj02(lat, lng) {
    if (!inside(lng, CHINA.lng) || !inside(lat, CHINA.lat)) return [lat, lng];
    const x = lng - 105, y = lat - 35, root = sqrt(abs(x)), shared = waves(x, [20, 6], [20, 2]);
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared
      + waves(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared
      + waves(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
    const phi = (lat * PI) / 180, w2 = 1 - EE * sin(phi) ** 2;
    const meridian = (A * (1 - EE)) / (w2 * sqrt(w2)), parallel = (A / sqrt(w2)) * cos(phi);
    return [lat + ((north / meridian) * 180) / PI, lng + ((east / parallel) * 180) / PI];
  }

  /** Degrees in WGS-84 as [lat, lng] in "wgs84" or "gcj02". */
  wangge.inFrame = (frame, lat, lng) => (frame === "gcj02" ? gcj02(lat, lng) : [lat, lng]);
})();
