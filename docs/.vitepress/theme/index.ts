/** The default theme, with diagrams and a home page of its own. */
import DefaultTheme from "vitepress/theme"
import type { Theme } from "vitepress"
import { Diagram } from "./Diagram.ts"
import { Home } from "./Home.ts"
import "./style.css"

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => {
    app.component("Diagram", Diagram)
    app.component("Home", Home)
  }
} satisfies Theme
