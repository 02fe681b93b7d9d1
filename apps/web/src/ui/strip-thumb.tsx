import { useState } from "react";

interface StripThumbProps {
  src: string;
  /** Of a frame. */
  aspect: number;
  /** Of the box that it fills, cut where it does not fit; the frame's own unless set. */
  boxAspect?: number;
}

/** The middle frame of a strip of frames that lie side by side. */
export function StripThumb({ src, aspect, boxAspect = aspect }: StripThumbProps) {
  const [count, setCount] = useState<number | null>(null);
  const middle = count === null ? 0 : Math.floor(count / 2);
  return (
    <img
      src={src}
      alt=""
      loading="lazy"
      fetchPriority="low"
      draggable={false}
      onLoad={({ currentTarget: image }) =>
        setCount(Math.max(1, Math.round(image.naturalWidth / (image.naturalHeight * aspect))))
      }
      className={`absolute max-w-none transition-opacity duration-200 ${count === null ? "opacity-0" : "opacity-100"}`}
      style={
        boxAspect < aspect
          ? {
              height: "100%",
              left: "50%",
              translate: `${(-(middle + 0.5) / (count ?? 1)) * 100}% 0`,
            }
          : {
              width: `${(count ?? 1) * 100}%`,
              left: `${-middle * 100}%`,
              top: "50%",
              translate: "0 -50%",
            }
      }
    />
  );
}
